// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/errors.h"

#include <stdlib.h>
#include <string.h>

/* Of a round; the rest of so many says nothing new. */
#define ERRORS_MAX 100

static void free_list(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

static bool has(char *const *texts, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(texts[i], text) == 0)
			return true;
	}
	return false;
}

/* Without memory for it, the error is reported again. */
static void keep(struct watch_errors *errors, const char *text)
{
	char **now = reallocarray(errors->now, errors->now_count + 1, sizeof(*now));
	char *copy = strdup(text);

	if (now)
		errors->now = now;
	if (now && copy)
		now[errors->now_count++] = copy;
	else
		free(copy);
}

void watch_errors_add(struct watch_errors *errors, const char *text, struct watch_events *output)
{
	if (errors->now_count == ERRORS_MAX || has(errors->now, errors->now_count, text))
		return;
	if (!has(errors->last, errors->last_count, text))
		watch_events_error(output, text);
	keep(errors, text);
}

void watch_errors_turn(struct watch_errors *errors)
{
	free_list(errors->last, errors->last_count);
	errors->last = errors->now;
	errors->last_count = errors->now_count;
	errors->now = NULL;
	errors->now_count = 0;
}

void watch_errors_free(struct watch_errors *errors)
{
	free_list(errors->last, errors->last_count);
	free_list(errors->now, errors->now_count);
	*errors = (struct watch_errors){ 0 };
}
