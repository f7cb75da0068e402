/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A command under one fault after the other. */
#pragma once

#include <stdbool.h>

#define SCENARIO_PLACES 3

/* The policy of a cgroup, and what it allows (tests/faults/probe.h). */
struct scenario_state {
	const char *policy; /* with ' for "; NULL if there is no fence */
	const char *verdicts;
};

struct scenario_place {
	const char *cgroup; /* its name below that of the test; NULL ends the list */
	struct scenario_state before;
	struct scenario_state after;
};

struct scenario {
	const char *command;
	const char *what[4]; /* of allow and revoke: the words after the cgroup */
	bool old_kernel; /* listeners are killed by one program for all fences, as before Linux 6.18 */
	bool foreign; /* on each cgroup is a program of others, as tests/support/whitelist.h has it, before and afterwards */
	bool new_host; /* nothing is mounted and pinned yet, each time */
	struct scenario_place places[SCENARIO_PLACES + 1];
};

/** scenario_begin() - harness_begin() and a network namespace; for .init of a suite. */
void scenario_begin(void);

/**
 * scenario_kill() - kill the command at each system call that may change what outlives it; with CGFENCE_FAULTS=all, at
 * every one. The call at whose entry the kill comes is not made any more, so the exit of one call is the entry of the
 * next.
 */
void scenario_kill(const struct scenario *scenario);

/**
 * scenario_fail() - make bpf(2) calls of the command fail: each that changes what outlives it, and some of the others, with
 * one of EPERM, ENOMEM, E2BIG and EBUSY in turn; with CGFENCE_FAULTS=all, every one with each of these.
 */
void scenario_fail(const struct scenario *scenario);
