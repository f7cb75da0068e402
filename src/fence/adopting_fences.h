/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fences that may take the place of programs. Those in which nothing changed are not read again. */
#pragma once

#include <cgfence/cgfence.h>

struct adopting_fence {
	uint64_t id;
	uint64_t mark; /* of fence_mark() */
	bool adopts;
};

/* All zero is none. */
struct adopting_fences {
	struct adopting_fence *items; /* all fences, by ascending id */
	size_t count;
};

struct cgfence_census;

/**
 * adopting_fences_update() - read what has changed. It yields.
 * @census: what was seen of all fences; NULL to look now
 *
 * Return: 0 or -errno.
 */
int adopting_fences_update(struct adopting_fences *fences, const struct cgfence_census *census);

/** adopting_fences_any() - is there such a fence? */
bool adopting_fences_any(const struct adopting_fences *fences);

/** adopting_fences_free() - free the list. */
void adopting_fences_free(struct adopting_fences *fences);
