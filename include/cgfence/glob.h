/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a name of a cgroup matches a pattern, as pure functions for the kernel programs and the tests. */
#pragma once

#include <cgfence/abi.h>
#include <stdbool.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/** struct cgfence_glob_states - the states that a pattern is in, a bit each. */
struct cgfence_glob_states {
	__u64 words[CGFENCE_GLOB_WORDS];
};

/** cgfence_glob_begin() - the states before the first byte. */
static __always_inline struct cgfence_glob_states cgfence_glob_begin(void)
{
	struct cgfence_glob_states states = { { 1 } };

	return states;
}

/**
 * cgfence_glob_refuses_dot() - does a name that begins like this match no pattern without a period of its own?
 * @first: its first byte
 *
 * As glob(7) has it for the names of files, of which a cgroup is one.
 */
static __always_inline bool cgfence_glob_refuses_dot(const struct cgfence_glob *glob, char first)
{
	return first == '.' && !glob->dotted;
}

/**
 * cgfence_glob_step() - take a byte.
 * @accepts: the row of its class in @glob
 */
static __always_inline void cgfence_glob_step(const struct cgfence_glob *glob,
					      const __u64 accepts[CGFENCE_GLOB_WORDS],
					      struct cgfence_glob_states *states)
{
	__u64 carry = 0;
	int i;

	for (i = 0; i < CGFENCE_GLOB_WORDS; i++) {
		__u64 matched = states->words[i] & accepts[i];

		states->words[i] = matched << 1 | carry | (states->words[i] & glob->stays[i]);
		carry = matched >> 63;
	}
}

/** cgfence_glob_ends() - has the whole pattern matched? */
static __always_inline bool cgfence_glob_ends(const struct cgfence_glob *glob,
					      const struct cgfence_glob_states *states)
{
	__u64 found = 0;
	int i;

	for (i = 0; i < CGFENCE_GLOB_WORDS; i++)
		found |= states->words[i] & glob->last[i];
	return found != 0;
}
