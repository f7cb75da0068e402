/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the suites about the reconciler work in: a network namespace, fenced cgroups, processes to look at. */
#pragma once

#include "bench.h"

#include <cgfence/cgfence.h>
#include <sys/types.h>

/**
 * surroundings_enter_netns() - go to a network namespace of our own, whose loopback is up.
 * @before: receives a descriptor for surroundings_leave_netns()
 *
 * Return: 0 or -errno; whoever is not where it was then must not go on.
 */
int surroundings_enter_netns(int *before);

/** surroundings_leave_netns() - go back, and close @before. */
void surroundings_leave_netns(int before);

/** surroundings_raise_limit() - let this process have as many descriptors as it may. */
void surroundings_raise_limit(void);

/**
 * surroundings_make_cgroup() - make a cgroup below the one of this run.
 *
 * Return: NULL if it cannot be made, which has been said.
 */
struct cgfence_cgroup *surroundings_make_cgroup(struct bench *bench, const char *name);

/**
 * surroundings_make_fence() - the same, and fence it.
 * @policy: as JSON, with ' for "
 */
struct cgfence_cgroup *surroundings_make_fence(struct bench *bench, const char *name,
					       const char *policy);

/** surroundings_remove() - take the fence away if there is one, kill who is inside, and remove the cgroup; NULL is fine. */
void surroundings_remove(struct cgfence_cgroup *cgroup);

/** surroundings_enter_cgroup() - move the calling process to a cgroup. */
int surroundings_enter_cgroup(const struct cgfence_cgroup *cgroup);

/**
 * surroundings_fork() - fork a child that does not outlive this process, and has none of its descriptors.
 * @cgroup: which the child is moved to first
 * @kept: a descriptor that it shall have all the same, as number 3; -1 for none
 */
pid_t surroundings_fork(const struct cgfence_cgroup *cgroup, int kept);

/** surroundings_reap() - kill a child, and wait for its end. */
void surroundings_reap(pid_t pid);

/**
 * surroundings_spawn() - start a program that does not outlive this process, with its output thrown away.
 * @words: its command line, ended by NULL
 */
pid_t surroundings_spawn(const char *const *words);

/** surroundings_run() - the same, and wait for its end. Return: its exit status, or -1. */
int surroundings_run(const char *const *words);

/** surroundings_nap_ms() - wait. */
void surroundings_nap_ms(long ms);

/* ---- processes with many descriptors ---- */

struct crowd_plan {
	size_t processes;   /* each has one listener; half of them are outside of all fences */
	size_t descriptors; /* of each process */
	struct cgfence_cgroup *const *fences;
	size_t fence_count;
	const struct cgfence_cgroup *outside;
};

/* Of TCP. The first process of each fence listens on one that is not assigned. */
#define CROWD_ASSIGNED_PORTS "20000-29999"
#define CROWD_ASSIGNED_PORT 20000
#define CROWD_EXCESS_PORT 10000

struct crowd {
	pid_t *pids;
	size_t count;
};

/** crowd_start() - start them, and wait until all have what they shall have; false if that fails, which has been said. */
bool crowd_start(struct bench *bench, const struct crowd_plan *plan, struct crowd *crowd);

/** crowd_excess() - how many of their listeners are in excess. */
size_t crowd_excess(const struct crowd_plan *plan);

/** crowd_stop() - end them. */
void crowd_stop(struct crowd *crowd);
