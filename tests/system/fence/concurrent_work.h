/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes that change the fences of a few shared cgroups all at once. */
#pragma once

#include "support/harness.h"

#include <stdatomic.h>

#define CONCURRENT_WORKERS 32
/* A process more, that removes cgroups and makes them again. */
#define CONCURRENT_REMOVER CONCURRENT_WORKERS
#define CONCURRENT_PROCESSES (CONCURRENT_WORKERS + 1)
#define CONCURRENT_CGROUPS 8
#define CONCURRENT_KEPT 6 /* cgroups that stay; the others are removed time and again */

enum concurrent_kind {
	NOTHING,
	ATTACH,
	ALLOW,
	REVOKE,
	DETACH,
	REMOVE,
	SHOW,
	KIND_COUNT,
};

/* A command that was accepted. */
struct concurrent_command {
	enum concurrent_kind kind;
	double begin;
	double end;
	unsigned int number; /* of the policy that was attached */
};

/* In shared memory. */
struct concurrent_board {
	volatile bool stop;
	atomic_uint ready;
	/* No earlier one of a process can be the last of all. */
	struct concurrent_command last[CONCURRENT_CGROUPS][CONCURRENT_PROCESSES];
	unsigned long counts[CONCURRENT_PROCESSES][KIND_COUNT];
	unsigned long missing[CONCURRENT_PROCESSES]; /* there was no such cgroup or no fence */
	char failures[CONCURRENT_PROCESSES][256];
};

/** concurrent_name() - the path of a shared cgroup, for cgfence_cgroup_open(). */
void concurrent_name(char name[128], int cgroup);

/** concurrent_make() - make a shared cgroup. Return: 0 or -errno. */
int concurrent_make(int cgroup);

/** concurrent_policy() - what a process attaches as its @number-th policy; the caller frees it. */
struct cgfence_policy *concurrent_policy(unsigned int process, unsigned int number);

/** concurrent_work() - the work of a child until the board stops it. Return: its exit status. */
int concurrent_work(struct concurrent_board *board, unsigned int process);

/** concurrent_allow_once() - the work of a child that changes the fence of its process once. */
int concurrent_allow_once(struct concurrent_board *board, unsigned int process);

/** concurrent_wait() - wait for all children, even if one never ends by itself. Return: how many were stuck. */
unsigned int concurrent_wait(const pid_t children[CONCURRENT_PROCESSES]);
