/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How often the place of programs is taken that come back: at once, but from one whose owner attaches them again and
 * again only now and then.
 */
#pragma once

#include <stdint.h>

/* So often at once. */
#define RETURN_PACE_CREDIT 100

/* What one costs whose place cannot be taken, for which the kernel was asked in vain. */
#define RETURN_PACE_VAIN 10

/*
 * In so long a time one of these is given back: whoever sets properties of a unit, reloads and updates in turn for hours is
 * kept up with, and one that does nothing else costs a few hundredths of a processor.
 */
#define RETURN_PACE_CREDIT_NS (250 * 1000 * 1000ULL)

/* Without any it waits so long, and then twice as long each time. */
#define RETURN_PACE_FIRST_NS (1000 * 1000 * 1000ULL)
#define RETURN_PACE_LONGEST_NS (8 * RETURN_PACE_FIRST_NS)

/* All zero is one that never came back. */
struct return_pace {
	uint64_t last_ns;  /* when it was looked at last; 0 if never */
	uint64_t delay_ns; /* so long after that it is due again */
	uint64_t step_ns;  /* how long it waited last; 0 once much of its credit is back */
	unsigned int spent;
};

/** return_pace_due_ns() - when it may be looked at again. */
uint64_t return_pace_due_ns(const struct return_pace *pace);

/** return_pace_spend() - it is looked at now. @cost: at most RETURN_PACE_CREDIT */
void return_pace_spend(struct return_pace *pace, uint64_t now_ns, unsigned int cost);
