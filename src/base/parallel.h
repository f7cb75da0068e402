/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Work that two processors share. */
#pragma once

/**
 * parallel_run() - call a function for each number from 0, in any order, by two threads where the process may use two
 * processors and start a thread.
 * @count: the numbers end before it
 * @function: called in either thread, for different numbers at the same time; gets no signals in the other one
 * @context: for @function
 *
 * It returns when all calls have.
 */
void parallel_run(int count, void (*function)(int number, void *context), void *context);
