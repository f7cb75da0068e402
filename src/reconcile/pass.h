/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Carries a plan out, and reports. */
#pragma once

#include "reconcile/holders_iterator.h"
#include "reconcile/ledger.h"
#include "reconcile/plan.h"

struct reporter {
	cgfence_report *report;
	void *context;
};

/* What a reconciler remembers from pass to pass. */
struct pass_memory {
	struct known known;
	struct ledger ledger;
	uint64_t locked; /* the fence that is being acted on, 0 for none */
};

/**
 * pass_carry_out() - carry out a plan.
 * @iterator: NULL where there is none
 * @in_excess: receives the number of violations
 *
 * Return: 0, -EAGAIN if a step was put off, -ENOMEM.
 */
int pass_carry_out(struct pass_memory *memory, const struct observation *observation,
		   const struct reconcile_plan *plan, struct holders_iterator *iterator,
		   const struct reporter *reporter, size_t *in_excess);

/** pass_report_excess() - report each violation of a plan, and act on none. Return: 0 or -ENOMEM. */
int pass_report_excess(const struct observation *observation, const struct reconcile_plan *plan,
		       const struct reporter *reporter);
