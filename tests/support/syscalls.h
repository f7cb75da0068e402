/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts work where time would tell of the machine. Without Criterion. */
#pragma once

#include <stdbool.h>

/**
 * syscalls_count() - how many system calls a function makes, in a child of this process.
 * @function: what it returns is that the count is of use
 *
 * Return: the number; -1 if it cannot be counted.
 */
long syscalls_count(bool (*function)(void *context), void *context);
