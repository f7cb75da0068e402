/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes that do not outlive the one that starts them. Without Criterion, for tests and benchmarks alike. */
#pragma once

#include <cgfence/cgfence.h>
#include <stdbool.h>
#include <sys/types.h>

/* What children_status() makes of a child that signal N ended. */
#define CHILDREN_SIGNALLED 1000

/**
 * children_die_with() - let the calling process be killed when its parent ends.
 * @parent: its parent; if that has ended already, the calling process exits
 */
void children_die_with(pid_t parent);

/** children_fork() - fork(2) of a child that does not outlive this process. */
pid_t children_fork(void);

/**
 * children_fork_in() - the same for a child that has none of the descriptors of this process.
 * @cgroup: where the child moves first, or NULL; the child exits if it cannot
 * @kept: a descriptor that the child keeps, as number 3; -1 for none
 */
pid_t children_fork_in(const struct cgfence_cgroup *cgroup, int kept);

/** children_share() - zeroed memory that this process and its later children share; NULL if there is none. */
void *children_share(size_t size);

/**
 * children_hold() - start a child that does something and then holds what it has.
 * @cgroup: where the child moves first
 * @function: run in the child, which has no descriptor but CHILDREN_HELD - 1 yet; returns whether it succeeded
 *
 * Return: the pid, for children_end(), when @function has returned; -1 if it failed.
 */
pid_t children_hold(const struct cgfence_cgroup *cgroup, bool (*function)(void *argument),
		    void *argument);

/* The first descriptor that a function of children_hold() gets. */
#define CHILDREN_HELD 4

/** children_count_waits() - how often a process gave up the processor to wait for something; being preempted is no waiting. */
unsigned long children_count_waits(pid_t pid);

/** children_status() - a status of waitpid(2) as one number: 0 to 255, or CHILDREN_SIGNALLED + N. */
int children_status(int wait_status);

/** children_await() - wait for the end of a child. Return: as children_status() says, or -errno. */
int children_await(pid_t child);

/** children_end() - kill a child and wait for its end; nothing happens if @child is not positive. */
void children_end(pid_t child);

/**
 * children_run_in() - run a function in a child process in a cgroup.
 * @function: returns 0 to 255
 *
 * Return: what @function returned, CHILDREN_SIGNALLED + N if signal N ended it, 255 if it could not enter the cgroup, or
 * -errno if there is no child.
 */
int children_run_in(const struct cgfence_cgroup *cgroup, int (*function)(void *argument),
		    void *argument);

/**
 * children_spawn() - start a program with its output thrown away.
 * @words: its command line, ended by NULL; the program is looked for in PATH
 *
 * Return: its pid or -1.
 */
pid_t children_spawn(const char *const *words);

/** children_run() - the same, and wait for its end. Return: as children_status() says, or -1. */
int children_run(const char *const *words);

struct children_cost {
	double ms; /* from before it starts until it has ended */
	double processor_ms;
	int status; /* as children_run() returns */
};

/** children_measure() - the same, with what it costs. */
struct children_cost children_measure(const char *const *words);
