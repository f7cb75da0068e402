/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The cost of judging a call. Filters (fences and their peers), each attached to a cgroup of its own, get the same calls over
 * and over. The address of a program makes a difference of some nanoseconds, so all filters are made anew many times, in
 * another order each time.
 */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECK_HOOKS 2
#define CHECK_TABLES 4

struct bench_peers;

struct filter {
	const char *name;
	/* Attaches it to @cgroup; false if this machine does not have it. NULL for a filter that is not there. */
	bool (*make)(struct filter *filter);
	/* Lets a process that has entered the cgroup restrict itself, or NULL. Return: 0 or -errno. */
	int (*restrict_self)(const struct filter *filter);
	size_t size; /* entries or ranges */
	const char *parameter;

	/* As it was made last. Calls are made in @inner, whose programs run first. */
	const struct check_suite *suite;
	bool exists;
	struct cgfence_cgroup *cgroup;
	struct cgfence_cgroup *inner;
	struct bench_peers *peers; /* if it has programs of the benchmark's */
	int programs[CHECK_HOOKS]; /* on the hooks of the suite, -1 for none */
};

/* Something that filters judge, done by a process in a cgroup. */
struct check_call {
	void (*aim)(uint32_t target); /* sets the target of all calls */
	void (*prepare)(void);	      /* before each call, or NULL */
	bool (*call)(void);	      /* returns whether it was allowed */
	void (*finish)(void);	      /* after each call, or NULL */
	/* Of the data that a program reads, before each call. */
	enum check_data {
		CHECK_WARM,
		CHECK_NO_TLB, /* as each system call leaves it where the TLB does not survive one */
		CHECK_COLD,   /* also not in a cache near the processor */
	} data;
};

#define CHECK_NO_TLB_TITLE ", each with an empty TLB"
#define CHECK_COLD_TITLE ", each after a look at 64 MiB of other memory"

struct check_suite {
	struct filter *filters;
	size_t filter_count;
	struct check_hook {
		enum bpf_attach_type type;
		const char *empty; /* a program of peers.bpf.c that does nothing there */
	} hooks[CHECK_HOOKS]; /* that a call runs through; not the second if the first refuses */
	size_t hook_count;
	struct check_table {
		const char *group;
		const char *title;
		const char *peer;
		const struct check_call *call;
		bool by_clock; /* all of the call, else the programs by the kernel's statistics */
		struct table *table;
	} tables[CHECK_TABLES];
	size_t table_count;
};

/** check_aim_device() - let check_access() ask for this character device, whose node is made. */
void check_aim_device(uint32_t device);

/** check_access() - may that device be read and written? */
bool check_access(void);

/* Of these two, by the state of the data. */
extern const struct check_call check_access_calls[CHECK_COLD + 1];

/** check_begin() - make the tables, without rows yet; @variant is added to their titles. */
void check_begin(struct check_suite *suite, const char *variant);

/**
 * check_add() - one more row: a filter that is asked one thing.
 * @table: index of a table of the suite
 * @filter: index of a filter of the suite
 * @what: of the target, may be empty; "refused" if the filter refuses it
 */
void check_add(const struct check_suite *suite, size_t table, size_t filter, uint32_t target,
	       const char *what);

/** check_run() - make all filters @cycles times as often as there are filters, measure all @rounds times each time, and report. */
void check_run(const struct check_suite *suite, size_t cycles, size_t rounds);

/** check_load_peers() - the programs of the benchmark, to be given to bench_peers__destroy(). */
struct bench_peers *check_load_peers(void);

/** check_attach() - attach a program of the benchmark's to the cgroup of a filter; all of a filter share their maps. */
void check_attach(struct filter *filter, const char *program, enum bpf_attach_type hook);

/** check_make_empty() - for a filter of empty programs. */
bool check_make_empty(struct filter *filter);
