/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

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
