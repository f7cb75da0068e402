/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Device entries of dialects in which the order does not count. In most of them entries do not add up: an open for
 * reading and writing passes only if one entry allows both. Entries of a policy with the same numbers do add up, so that
 * has to be seen to.
 */
#pragma once

#include "import/importing.h"

struct word {
	char *selector; /* "/dev/fuse", "c hidraw:*" or "c 10:229" */
	bool optional;
	uint8_t allowed; /* as classes_largest() takes it */
	uint8_t letters; /* all that were given */
	char *place;	 /* of the last */
};

struct words {
	struct word *items;
	size_t count;
	size_t capacity;
	bool add_up; /* entries with the same numbers are one, as in a policy */
};

/**
 * words_add() - add what a line allows.
 * @selector: an entry of a policy without its access
 * @optional: it may stand for nothing
 * @access: BPF_DEVCG_ACC_* bits
 * @place: such as "FILE:3"
 */
int words_add(const struct importing *import, struct words *words, const char *selector,
	      bool optional, uint8_t access, const char *place);

/** words_add_path() - the same for the path of a node; what a policy would take for a pattern is left out. */
int words_add_path(const struct importing *import, struct words *words, const char *path,
		   uint8_t access, const char *place);

/** words_finish() - put the entries into the policy, with a remark for each that is tightened or left out. */
int words_finish(struct importing *import, const struct words *words);

/** words_free() - free the items; more can be added. */
void words_free(struct words *words);

#define cleanup_words __attribute__((cleanup(words_free)))
