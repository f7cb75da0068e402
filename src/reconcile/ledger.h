/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How much is reported of each fence. A fence can make any number of violations, so only some of a pass are spelled out,
 * and likewise some of those that events find between two passes. The others are counted, for one line in each pass.
 */
#pragma once

#include <cgfence/reconcile.h>

struct ledger_entry {
	uint64_t fence_id;
	char *cgroup;	/* path of the fence root */
	size_t spelled; /* since the pass began or ended */
	size_t spelled_ends;
	size_t rest[CGFENCE_ACTION_COUNT];
	size_t rest_ends[CGFENCE_ACTION_COUNT];
	size_t known; /* how many known violations the fence has */
};

/* All zeros is empty. */
struct ledger {
	struct ledger_entry *items; /* by ascending fence id */
	size_t count;
	size_t capacity;
};

/**
 * ledger_entry() - the entry of a fence, made if there is none.
 * @cgroup: path of the fence root
 *
 * Return: valid until the next call; NULL without memory.
 */
struct ledger_entry *ledger_entry(struct ledger *ledger, uint64_t fence_id, const char *cgroup);

/** ledger_find() - the entry of a fence, or NULL. */
struct ledger_entry *ledger_find(const struct ledger *ledger, uint64_t fence_id);

/** ledger_spell() - may one more violation, or end, be spelled out? If so, it counts as spelled out. */
bool ledger_spell(struct ledger_entry *entry, bool ended);

/** ledger_count() - count a violation, or an end, that is not spelled out. */
void ledger_count(struct ledger_entry *entry, bool ended, enum cgfence_action action);

/** ledger_begin() - a pass begins, in which as much is spelled out as after the last one. */
void ledger_begin(struct ledger *ledger);

/** ledger_close() - report what was only counted, and forget fences without violations. */
void ledger_close(struct ledger *ledger, cgfence_report *report, void *context);

/** ledger_free() - free everything. */
void ledger_free(struct ledger *ledger);
