/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a container runtime is about to attach its own device program to a cgroup. One that finds a program of
 * somebody else there takes it for its own, or fails.
 */
#pragma once

#include "runtime/process.h"

/* So long it takes at most on a busy host. */
#define SETUP_USUAL_NS (5 * 1000 * 1000 * 1000ULL)

/*
 * A runtime that has run for longer is not taken for one that sets up: `runc run` stays for as long as its container,
 * whose processes may call themselves what they want.
 */
#define SETUP_LONGEST_NS (30 * 1000 * 1000 * 1000ULL)

/* Tells whether a process is in a cgroup, or in one below it. If in doubt, it is. */
typedef bool setup_is_inside(pid_t process, void *context);

struct setup {
	pid_t runtime;
	uint64_t age_ns; /* for how long the runtime has run */
	char name[16];	 /* its comm */
};

/**
 * setup_is_between() - does a runtime set up a container of which a process in the cgroup is the first?
 * @task: in the cgroup
 * @runtime: its parent, which is not in the cgroup
 *
 * The first process of a container runs the runtime until it executes the container's program. When the command that
 * creates the container is done, that process gets another parent: who asked for it, or process 1. The name, the
 * command and the user of the parent count, which no process of the container can choose.
 */
bool setup_is_between(const struct process *task, const struct process *runtime);

/**
 * setup_find() - is a runtime setting up a container in a cgroup?
 * @cgroup: its open directory
 * @is_inside: asks about that cgroup
 * @setup: receives it
 *
 * A runtime is outside of what it sets up. Root of a container that is running could otherwise keep a fence away, with
 * processes that call themselves runtimes in cgroups below.
 *
 * What runs below the cgroup does not count, and neither does a runtime that waits for this process, as for a hook: it
 * has attached its program by then. It looks at some hundreds of processes at most: a container that is being set up
 * has few.
 */
bool setup_find(int cgroup, setup_is_inside *is_inside, void *context, struct setup *setup);
