/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps of a plan that act on sockets and have yet to be taken. */
#pragma once

#include "reconcile/plan.h"

#define DUE_NONE ((size_t)-1)

struct due_step {
	size_t fence;
	uint64_t cookie;
	size_t step;
};

struct due {
	struct due_step *items; /* sorted by fence, then by cookie */
	size_t count;
	bool *taken; /* each step of the plan */
};

/** due_make() - all steps of a plan. Return: 0 or -ENOMEM; @due is to be given to due_free() either way. */
int due_make(const struct observation *observation, const struct reconcile_plan *plan,
	     struct due *due);

/** due_take() - take a step. Return: false if it has been taken. */
bool due_take(struct due *due, size_t step);

/** due_find() - the step that closes a socket for a fence, or DUE_NONE if there is none or it has been taken. */
size_t due_find(const struct due *due, size_t fence, uint64_t cookie);

/** due_free() - free the content. */
void due_free(struct due *due);
