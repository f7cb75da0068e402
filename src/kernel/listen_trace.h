/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program that judges for all fences of the host who calls listen(2), whatever cgroup the socket was made in. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * listen_trace_try() - does the running kernel take the program? Tried once a boot.
 * @taken: receives the answer
 *
 * Return: 0, or -errno if it could not be tried now.
 */
int listen_trace_try(bool *taken, struct cgfence_error *error);

/**
 * listen_trace_set() - have the program judge for a fence by what @image allows; loads it if need be.
 * @members: the map of the members of a standing fence; -1 for another
 *
 * Return: 0, -ESTALE if the kernel does not take it any more, as listen_trace_try() then says too, another -errno.
 */
int listen_trace_set(const struct cgfence_image *image, int members, struct cgfence_error *error);

/** listen_trace_check() - tell whether the program does for a fence what @image wants, and no more. */
int listen_trace_check(const struct cgfence_image *image, int members, bool *right,
		       struct cgfence_error *error);

/** listen_trace_clear() - leave a fence alone; the program goes with the last one. */
int listen_trace_clear(uint64_t cgroup_id, struct cgfence_error *error);
