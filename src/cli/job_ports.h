/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ports that a scheduler tells a job in its environment, such as NOMAD_PORT_http=25432. The process may have written
 * there what it likes, so nothing but ports is taken.
 */
#pragma once

#include <cgfence/policy.h>
#include <sys/types.h>

/* A longer environment is refused, in bytes: execve(2) takes this much with the usual limit of the stack. */
#define JOB_ENVIRONMENT_MAX (2 * 1024 * 1024)

/**
 * job_ports_add() - assign the ports that variables name, for TCP and UDP.
 * @environment: as environ of proc(5): variables, each ended by a null byte
 * @pattern: of the names of the variables (fnmatch(3))
 * @policy: as before if this fails
 *
 * Return: 0, -ENOENT if no variable has such a name, -EINVAL if one of them holds anything but ports.
 */
int job_ports_add(const char *environment, size_t length, const char *pattern,
		  struct cgfence_policy *policy, struct cgfence_error *error);

/**
 * job_ports_open() - hold on to a process, so that another one of its pid is noticed.
 * @name: "pid:N" or "pid:self"
 * @process: receives a descriptor of its directory of proc(5), to be given to close()
 *
 * Return: 0, -EINVAL if @name is no process, -ESRCH if there is none, another -errno.
 */
int job_ports_open(const char *name, int *process, struct cgfence_error *error);

/** job_ports_read() - job_ports_add() with the environment of a process. */
int job_ports_read(int process, const char *pattern, struct cgfence_policy *policy,
		   struct cgfence_error *error);

/** job_ports_check_alive() - is it still that process? Return: 0 or -ESRCH. */
int job_ports_check_alive(int process, struct cgfence_error *error);
