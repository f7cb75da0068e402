/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How suites measure: programs of the kernel by its own statistics, system calls in a cgroup, and whole commands. */
#pragma once

#include "bench.h"

#include <cgfence/cgfence.h>
#include <linux/bpf.h>

/** probe_make_cgroup() - a new cgroup below that of the run; it lives until probe_remove_cgroup(). */
struct cgfence_cgroup *probe_make_cgroup(struct bench *bench, const char *name);

/** probe_remove_cgroup() - take its fence away, end what is in it, and remove it. */
void probe_remove_cgroup(struct bench *bench, struct cgfence_cgroup *cgroup);

/*
 * A cgroup whose programs are timed, and one in it, where the calls are made. The programs of the inner one run first
 * (compute_effective_progs() in kernel/bpf/cgroup.c).
 */
struct probe_place {
	struct cgfence_cgroup *cgroup;
	struct cgfence_cgroup *inner;
};

/** probe_make_place() - both cgroups; they live until probe_remove_place(). */
struct probe_place probe_make_place(struct bench *bench, const char *name);

/** probe_remove_place() - as probe_remove_cgroup() does. */
void probe_remove_place(struct bench *bench, const struct probe_place *place);

/** probe_fence() - fence a cgroup by a policy of JSON text with ' for ". */
void probe_fence(struct bench *bench, const struct cgfence_cgroup *cgroup, const char *json);

/** probe_program() - descriptor of the first program on a hook of a cgroup itself, -1 if there is none. */
int probe_program(const struct cgfence_cgroup *cgroup, int attach_type);

/** probe_attach() - attach a program of the benchmark's to a cgroup, beside others. */
void probe_attach(struct bench *bench, const struct cgfence_cgroup *cgroup, int program,
		  int attach_type);

/** probe_in_cgroup() - run a function in a child process in a cgroup. Return: what the function returns. */
double probe_in_cgroup(struct bench *bench, const struct cgfence_cgroup *cgroup,
		       double (*function)(const void *argument), const void *argument);

/**
 * probe_beside() - measure with empty programs beside those of a place.
 * @companions: the empty programs, @count of them, attached for the while
 * @attach_types: of each of them
 * @function: run in the inner cgroup; returns how much the programs take above the empty ones
 *
 * They run in the same calls, so that what slows the machine down for a moment slows both. Whatever runs first takes
 * some nanoseconds longer, so the function runs once with the empty ones first and once with them last.
 *
 * Return: the mean of both.
 */
double probe_beside(struct bench *bench, const struct probe_place *place, const int *companions,
		    const enum bpf_attach_type *attach_types, size_t count,
		    double (*function)(const void *argument), const void *argument);

/** probe_share() - zeroed memory that children share, for munmap() or until the end of the run. */
void *probe_share(struct bench *bench, size_t size);

/** probe_enable_statistics() - have the kernel time programs until the descriptor is closed. */
int probe_enable_statistics(struct bench *bench);

/* What a program has cost so far. */
struct probe_cost {
	uint64_t runs;
	uint64_t ns;
};

/** probe_cost() - of a program; 0 for descriptor -1. */
struct probe_cost probe_cost(struct bench *bench, int program);

/** probe_mean_ns() - time of a run between two readings, 0 if there was none. */
double probe_mean_ns(struct probe_cost before, struct probe_cost after);

/**
 * probe_command() - run a command with its output thrown away, and say how long that took.
 * @words: ended by NULL; the first is looked for in PATH
 *
 * Return: nanoseconds from before it starts until it has ended, or -1 if it did not end with status 0.
 */
double probe_command(const char *const *words);

/** probe_processor_ms() - processor time of the children that have ended so far, in user space and kernel. */
double probe_processor_ms(void);

/** probe_command_any() - the same, whatever its exit status. */
double probe_command_any(const char *const *words);
