/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds out what a fence allows by trying. */
#pragma once

#include <cgfence/cgfence.h>
#include <stdbool.h>

/*
 * A letter for each attempt: '+' allowed, '-' refused or its process killed, '!' failed otherwise. In an expectation
 * '?' stands for the first two. In this order:
 *
 *   open    /dev/null for both, /dev/zero for reading, /dev/full for writing
 *   bind    TCP 127.0.0.1:8080, UDP [::1]:8081, TCP [::1]:8082, TCP 127.0.0.1:0
 *   listen  on TCP 127.0.0.1:8080, 8081 and what binding to port 0 gave
 */
#define PROBE_COUNT 10
#define PROBE_DEVICES 3
#define PROBE_UNFENCED "++++++++++"

struct probe_verdicts {
	char text[PROBE_COUNT + 1];
};

/** probe_run() - try everything in @cgroup; the test fails if that is impossible. */
struct probe_verdicts probe_run(const struct cgfence_cgroup *cgroup);

/** probe_match() - does the result match the expectation? */
bool probe_match(const char *seen, const char *expected);

/** probe_match_either() - does each verdict follow one of two policies? */
bool probe_match_either(const char *seen, const char *one, const char *other);
