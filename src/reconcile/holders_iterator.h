/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds holders with the iterator of the kernel over the descriptors of all tasks. */
#pragma once

#include "reconcile/holders.h"

/* The task_file iterator of the kernel, loaded. */
struct holders_iterator;

/**
 * holders_iterator_new() - load the iterator, or open what another command loaded.
 * @iterator: receives the iterator, to be given to holders_iterator_free()
 */
int holders_iterator_new(struct holders_iterator **iterator, struct cgfence_error *error);

/** holders_iterator_free() - give it up; NULL is fine. */
void holders_iterator_free(struct holders_iterator *iterator);

/**
 * holders_iterator_run() - one pass over the descriptors of all tasks in this pid namespace, and over what they carry.
 * @fence_ids: of the fence roots, in ascending order
 * @list: gets the holders appended
 * @apart: gets the threads appended that are in a fence without their leader, whose descriptors are not in @list; NULL
 *	if they are not wanted
 *
 * A socket that was never listed may have cookie 0.
 *
 * Return: 0 or -errno; -EBUSY in the midst of a run, which yield_now() may be. If only some carriers could not be looked into, everything else is in @list.
 */
int holders_iterator_run(struct holders_iterator *iterator, const uint64_t *fence_ids,
			 size_t fence_count, struct holders *list, struct holders *apart,
			 struct cgfence_error *error);
