/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lets the caller of the library look at its events in the midst of a long call. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** yield_set() - as cgfence_yield_set(). */
void yield_set(void (*function)(void *context), uint64_t every_ns, void *context);

/**
 * yield_now() - call the function of yield_set() if its time has come.
 *
 * For the place between two units of work of some microseconds. Whatever the function may change has to be looked up
 * again after it.
 */
void yield_now(void);

/** yield_is_possible() - may yield_now() call the function, once its time has come? If not, a wait gains nothing by it. */
bool yield_is_possible(void);

/** yield_is_running() - is this within the function, so that nothing else is looked at until it returns? */
bool yield_is_running(void);

/** yield_hold() - let yield_now() do nothing until as many calls of yield_release(), as where a lock is held. */
void yield_hold(void);

/** yield_release() - end that. */
void yield_release(void);
