/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For a program that must not be kept from its events by a long call of the library.
 */
#pragma once

#include <cgfence/cgfence.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A function that a long call of the library calls between two units of its work. */
typedef void cgfence_yield(void *context);

/**
 * cgfence_yield_set() - have a function called by long calls of the library in this thread.
 * @yield: NULL for none, as at first
 * @every_ns: how much time passes at least from the end of one of its calls to the next
 *
 * A pass of the reconciler, a wait for processes to die and a wait for another command call it. It is not called while
 * it runs. It may call cgfence_reconciler_handle(), also with the reconciler that makes the pass, and everything in
 * <cgfence/cgfence.h> and <cgfence/watch.h>; it must not make a pass or free the reconciler.
 */
CGFENCE_API void cgfence_yield_set(cgfence_yield *yield, uint64_t every_ns, void *context);

#ifdef __cplusplus
}
#endif
