/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Random policies, the same in every run, in a space so small that entries meet often. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANDOM_MAJORS 3
#define RANDOM_MINORS 4
#define RANDOM_ENTRIES_MAX 24
#define ANY_NUMBER (-1)

/* An entry in the terms of the specification, without any code of the implementation. */
struct spoken_entry {
	char type; /* a, b or c */
	int major; /* or ANY_NUMBER */
	int minor; /* or ANY_NUMBER */
	uint8_t access;
	bool deny;
};

struct random_policy {
	bool enforce;
	bool defaults;
	struct spoken_entry entries[RANDOM_ENTRIES_MAX];
	size_t count;
};

/** random_below() - a number from 0 to @limit - 1. */
uint32_t random_below(uint64_t *state, uint32_t limit);

/** random_entry() - an entry with numbers in the small space. */
struct spoken_entry random_entry(uint64_t *state);

/** random_policy_devices() - a policy that fences devices. */
struct random_policy random_policy_devices(uint64_t *state);

/**
 * random_policy_hot_devices() - the same with numbers of devices that the header of an image tells (abi.h), and of their
 * neighbours.
 */
struct random_policy random_policy_hot_devices(uint64_t *state);

#define RANDOM_HOT_MAJORS 6
#define RANDOM_HOT_MINORS 10

extern const int random_hot_majors[RANDOM_HOT_MAJORS];
extern const int random_hot_minors[RANDOM_HOT_MINORS];

/** random_policy_text() - the policy as JSON, its access letters in random order; for free(). */
char *random_policy_text(const struct random_policy *policy, uint64_t *state, bool with_ports);

/**
 * reference_allows() - section 3 of the specification, word for word and as slow as that is.
 * @type: 'b' or 'c'
 */
bool reference_allows(const struct spoken_entry *entries, size_t count, char type, int major,
		      int minor, uint8_t access);

/** reference_expand() - @policy's entries and the 14 defaults, if it has them; returns the count. */
size_t reference_expand(const struct random_policy *policy,
			struct spoken_entry entries[RANDOM_ENTRIES_MAX + 14]);
