// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

/* Longer words are not compared; nobody mistypes one of them. */
#define LENGTH_MAX 31

struct nearest nearest_begin(const char *word)
{
	size_t mistakes = strlen(word) < 6 ? 1 : strlen(word) / 3;

	return (struct nearest){ .word = word, .distance = mistakes + 1 };
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* @rows: of the prefixes of @a that are two and one shorter than @length, and of that one, which is filled in */
static void fill_row(const char *a, size_t length, const char *b, size_t rows[3][LENGTH_MAX + 1])
{
	rows[2][0] = length;
	for (size_t i = 1; i <= strlen(b); i++) {
		size_t substituted = rows[1][i - 1] + (a[length - 1] != b[i - 1]);

		rows[2][i] = least(substituted, least(rows[1][i], rows[2][i - 1]) + 1);
		if (length > 1 && i > 1 && a[length - 1] == b[i - 2] && a[length - 2] == b[i - 1])
			rows[2][i] = least(rows[2][i], rows[0][i - 2] + 1);
	}
}

static size_t distance(const char *a, const char *b)
{
	size_t rows[3][LENGTH_MAX + 1] = { 0 };

	for (size_t i = 0; i <= strlen(b); i++)
		rows[2][i] = i;
	for (size_t length = 1; length <= strlen(a); length++) {
		memmove(rows[0], rows[1], 2 * sizeof(rows[0]));
		fill_row(a, length, b, rows);
	}
	return rows[2][strlen(b)];
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
	size_t length = strlen(nearest->word);
	size_t found;

	if (length > LENGTH_MAX || strlen(candidate) > LENGTH_MAX)
		return;
	if (length >= 2 && strncmp(nearest->word, candidate, length) == 0)
		found = 1;
	else
		found = distance(nearest->word, candidate);
	/* With no letter in common it is no mistake. */
	if (found >= nearest->distance || found >= strlen(candidate))
		return;
	nearest->distance = found;
	nearest->best = candidate;
}

const char *nearest_hint(const struct nearest *nearest, char hint[NEAREST_HINT_SIZE])
{
	*hint = '\0';
	if (nearest->best)
		snprintf(hint, NEAREST_HINT_SIZE, "; did you mean '%s'?", nearest->best);
	return hint;
}
