/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Resolves the words of a fence again, from what it remembers. */
#pragma once

#include <cgfence/watch.h>

/**
 * fence_resolve() - let a fence enforce what its words stand for now.
 * @id: of the fence
 * @visit: is told of the change, unless there is none
 *
 * The change is an ordinary replacement.
 *
 * Return: 0, also if nothing changed; -ENOENT if the fence is gone; another -errno.
 */
int fence_resolve(uint64_t id, cgfence_resolved_visitor *visit, void *context,
		  struct cgfence_error *error);
