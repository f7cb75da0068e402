/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The violations that were found and have not ended yet. */
#pragma once

#include "reconcile/violation.h"

/* The identity of a violation from pass to pass. */
struct violation_key {
	uint64_t fence_id;
	uint64_t member_id; /* of a standing fence; else 0 */
	uint64_t cookie;    /* of the socket */
	int ip_protocol;
	int domain;
	uint16_t port; /* host order */
	uint8_t address[16];
};

struct known_violation {
	struct violation_key key;
	enum cgfence_action action;
	bool ended; /* it cannot be found any more, and known_forget_ended() removes it */
	struct violation_text *text; /* of its report; NULL if it was only counted */
};

#define KNOWN_NONE ((size_t)-1)

/* All zeros is empty. */
struct known {
	struct known_violation *items;
	size_t count;
	size_t capacity;
	uint32_t *table;   /* hash table of the items, each as its index + 1; 0 is empty */
	size_t table_size; /* 0 or a power of 2 */
};

/** known_find() - the index of a violation, or KNOWN_NONE; takes as long for many as for few. */
size_t known_find(const struct known *known, const struct violation_key *key);

/**
 * known_add() - add a violation that is not there.
 *
 * Return: its index, which stays the same until known_forget_ended(); KNOWN_NONE without memory.
 */
size_t known_add(struct known *known, const struct violation_key *key);

/** known_forget_ended() - remove those that have ended; the others keep their order. */
void known_forget_ended(struct known *known);

/** known_free() - forget all. */
void known_free(struct known *known);
