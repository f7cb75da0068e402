/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports errors that last only once. */
#pragma once

#include "report/events.h"

/* All zero is none. */
struct watch_errors {
	char **last; /* of the last round */
	size_t last_count;
	char **now; /* of this round so far */
	size_t now_count;
};

/** watch_errors_add() - report an error, unless the last round or this one had it. */
void watch_errors_add(struct watch_errors *errors, const char *text, struct watch_events *output);

/** watch_errors_turn() - end a round. */
void watch_errors_turn(struct watch_errors *errors);

/** watch_errors_free() - forget all. */
void watch_errors_free(struct watch_errors *errors);
