/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waiting for a lock of flock(2) without being kept from one's events by whoever holds it. */
#pragma once

/** lock_try() - take the exclusive lock of an open file. Return: 0, -EWOULDBLOCK if another has it, another -errno. */
int lock_try(int fd);

/**
 * lock_await() - take the exclusive lock of an open file, however long another process has it.
 *
 * It calls the function of yield_set() meanwhile, if there is one: a command that is stopped, or changes a fence with very
 * many members, holds its lock for as long as that takes.
 *
 * Return: 0 or -errno of flock(2).
 */
int lock_await(int fd);
