/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/**
 * fence_mark() - a number that changes whenever a command changes a fence.
 * @id: of the cgroup
 *
 * It costs one system call.
 *
 * Return: 0 if there is no fence, and if it was changed less than a second ago, when a second change might give the
 * same number.
 */
uint64_t fence_mark(uint64_t id);

/** fence_mark_now() - the time in nanoseconds, for fence_mark_in(). */
int64_t fence_mark_now(void);

/**
 * fence_mark_in() - the same, for who asks about many.
 * @directory: descriptor of that of all fences
 * @now_ns: fence_mark_now(), or what it was before; a machine may need a system call to tell it
 * @is_passing: receives pins_may_be_passing(), if there is a fence
 */
uint64_t fence_mark_in(int directory, uint64_t id, int64_t now_ns, bool *is_passing);
