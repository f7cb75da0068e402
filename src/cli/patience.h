/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits for a container runtime that is setting up a container where a fence is wanted. */
#pragma once

#include <cgfence/cgfence.h>

/* All zero to begin with. */
struct patience {
	uint64_t since_ns;
	bool told;
};

/**
 * patience_wait() - wait a moment before attaching again.
 * @result: of attaching
 * @error: what it said; after some time the operator is told
 *
 * Return: is it to be tried again?
 */
bool patience_wait(struct patience *patience, int result, const struct cgfence_error *error);
