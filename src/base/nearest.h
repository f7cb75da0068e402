/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The right word for a wrong one: "did you mean". */
#pragma once

#include <stddef.h>

struct nearest {
	const char *word;
	const char *best; /* of those tried; NULL if none is near */
	size_t distance;  /* of the best; one that is not below it is not taken */
};

/** nearest_begin() - look for what @word may have been meant to be. */
struct nearest nearest_begin(const char *word);

/**
 * nearest_try() - take @candidate if it is nearer than those before.
 *
 * A letter too much, missing, wrong or swapped with the next counts 1 (Damerau and Levenshtein, strings aligned); so does
 * all that is missing after a beginning of two letters or more. One may be wrong, and of a long word one for each three letters.
 */
void nearest_try(struct nearest *nearest, const char *candidate);

#define NEAREST_HINT_SIZE 64

/** nearest_hint() - "; did you mean 'WORD'?", or "" if none is near. Return: @hint. */
const char *nearest_hint(const struct nearest *nearest, char hint[NEAREST_HINT_SIZE]);
