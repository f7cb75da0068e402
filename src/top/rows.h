/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of the fences, or of the members of one: a row each. */
#pragma once

#include <cgfence/cgfence.h>

struct top_row {
	uint64_t id;  /* of the fence, or of the member */
	char *cgroup; /* its path or pattern, made printable; NULL until it is read */
	char *name;   /* of the policy, made printable; NULL if it has none */
	bool failed;  /* it cannot be read */
	bool enforces;
	bool has_ports;
	bool is_standing;
	size_t members; /* of a standing fence */
	uint64_t refusals[CGFENCE_HOOK_COUNT];
	double rates[CGFENCE_HOOK_COUNT]; /* a second, between the last two samples */
	uint64_t sampled_ns;		  /* when the last one was taken; 0 for never */
	size_t excess;			  /* listeners in excess, as of the last look */
	bool looked;			  /* there was a look */
	struct cgfence_fence *fence;	  /* kept open to read the counters of; NULL if it is not */
};

struct top_rows {
	struct top_row *items; /* by ascending id */
	size_t count;
};

/**
 * rows_match() - forget those that are gone, and add empty ones for those that are new.
 * @ids: of all that are there, in ascending order
 *
 * Return: 0, or -ENOMEM, and nothing is changed.
 */
int rows_match(struct top_rows *rows, const uint64_t *ids, size_t count);

/** rows_find() - the row with an id, or NULL. */
struct top_row *rows_find(const struct top_rows *rows, uint64_t id);

/** rows_release() - free them all, and close what they keep open. */
void rows_release(struct top_rows *rows);

/**
 * row_sample() - take over counters, and compute the rates since those before.
 * @counters: of all verdicts
 * @now_ns: when they were read
 *
 * The first sample has no rates, nor has one with less in it than the one before: it is of a fence that was made anew.
 */
void row_sample(struct top_row *row, const struct cgfence_counters *counters, uint64_t now_ns);

/** row_rate() - the rates of all hooks in one. */
double row_rate(const struct top_row *row);

/** row_total() - the refusals of all hooks. */
uint64_t row_total(const struct top_row *row);
