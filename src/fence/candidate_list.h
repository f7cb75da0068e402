/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A list of devices to ask about. */
#pragma once

#include <cgfence/error.h>

#include <stddef.h>
#include <stdint.h>

/* A device as the selector of a policy, without wildcards: type, major and minor. */
struct candidates {
	uint64_t *selectors; /* once candidates_collect() is done, in ascending order, each once */
	size_t count;
	size_t capacity;
	/* Why it is not known of all devices that the programs name that they are among these; empty if they are. */
	struct cgfence_error unknown;
};

/** candidates_add() - add a device; numbers that none can have are passed over. Return: 0 or -ENOMEM. */
int candidates_add(struct candidates *list, uint32_t type, int64_t major, int64_t minor);

/** candidates_add_both() - the same of either type. */
int candidates_add_both(struct candidates *list, int64_t major, int64_t minor);

/** candidates_release() - free the list. */
void candidates_release(struct candidates *candidates);

#define cleanup_candidates __attribute__((cleanup(candidates_release)))
