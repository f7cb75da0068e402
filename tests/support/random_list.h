/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Random ordered lists of device rules, the same in every run, with numbers so few that rules meet often. */
#pragma once

#include "support/random_policy.h"

#define RANDOM_LIST_MAX 8

struct random_list {
	struct spoken_entry items[RANDOM_LIST_MAX];
	size_t count;
};

/** random_list() - a list that begins with a rule for everything; its numbers are 20 or 21, and 0 to 3. */
struct random_list random_list(uint64_t *state);

/** random_list_text() - the list as a dialect of `import` reads it: lines, or config.json; for free(). */
char *random_list_text(const struct random_list *list, const char *dialect);

/** random_list_line() - a rule as the v1 controller takes it; the first is "a" alone if it is for everything. */
void random_list_line(const struct random_list *list, size_t index, char *text, size_t size);
