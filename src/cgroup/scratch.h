/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A cgroup that is there for a moment, to try on it what the kernel does. */
#pragma once

#include <cgfence/cgfence.h>
#include <errno.h>

/**
 * scratch_open() - make such a cgroup, below the root of the hierarchy.
 * @cgroup: receives it, to be given to scratch_close()
 *
 * What commands left that were killed is removed first.
 */
int scratch_open(struct cgfence_cgroup **cgroup, struct cgfence_error *error);

/**
 * scratch_sweep() - remove what commands left that were killed.
 *
 * It reads the names of all cgroups below the root, so it is for commands that look at all fences anyway.
 */
void scratch_sweep(void);

/**
 * scratch_is_refused() - did scratch_open() fail because this is no place for new cgroups?
 *
 * In a container the hierarchy may be read-only, its root somebody else's, or full.
 */
static inline bool scratch_is_refused(int result)
{
	return result == -EROFS || result == -EACCES || result == -EPERM || result == -EAGAIN;
}

/** scratch_close() - remove it with whatever is in it; NULL is fine. */
void scratch_close(struct cgfence_cgroup *cgroup);

/**
 * scratch_run() - run a function in a child process in a cgroup, and wait for its end.
 * @function: makes only calls that are async-signal-safe (signal-safety(7)), for other threads of the caller are not
 *	there; returns 0 to 255
 *
 * The caller gets no SIGCHLD.
 *
 * Return: what @function returned, or -errno.
 */
int scratch_run(const struct cgfence_cgroup *cgroup, int (*function)(void *context), void *context);

/** scratch_run_long() - the same of what takes long: it yields meanwhile. */
int scratch_run_long(const struct cgfence_cgroup *cgroup, int (*function)(void *context),
		     void *context);
