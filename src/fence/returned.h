/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where programs of others have come back beside fences that may take their place, and when each was dealt with. */
#pragma once

#include "fence/return_pace.h"
#include "kernel/adopted.h"

#include <stdbool.h>

/* A cgroup that a fence judges: its root, or a member. */
struct returned {
	uint64_t fence;
	uint64_t root;
	struct return_pace pace;
	uint64_t programs;   /* of returned_hash(), when it was dealt with last */
	uint64_t generation; /* of the fence then */
	bool stays;	     /* their place could not be taken */
	bool forever;	     /* nor can it be unless they or the policy change */
	bool waits;	     /* to be dealt with */
	bool seen;	     /* some are there now */
};

/* All zero is empty. */
struct returned_list {
	struct returned *items; /* by ascending fence, then root */
	size_t count;
	size_t capacity;
};

/** returned_hash() - a number that differs for other programs, or for others on another cgroup. */
uint64_t returned_hash(const struct adopted *programs);

/** returned_find() - the entry of a cgroup; NULL if there is none. It lives until the list changes. */
struct returned *returned_find(const struct returned_list *list, uint64_t fence, uint64_t root);

/** returned_add() - the same, made if there is none; NULL if out of memory. */
struct returned *returned_add(struct returned_list *list, uint64_t fence, uint64_t root);

/** returned_begin() - nothing is seen yet. */
void returned_begin(struct returned_list *list);

/** returned_end() - drop the entries that were not seen for long. */
void returned_end(struct returned_list *list, uint64_t now_ns);

/** returned_free() - free the list. */
void returned_free(struct returned_list *list);
