/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps the messages of libbpf about our own programs from the terminal; what matters of them goes into errors. libbpf
 * has one print function for the whole process, which the program that uses this library may have set, in any thread. It
 * gets all messages of others, and is in place again as soon as no thread is in a call of ours.
 */
#pragma once

/** quiet_begin() - from here on libbpf prints nothing for this thread; to be ended with quiet_end(). Return: 0. */
int quiet_begin(void);

/** quiet_end() - the end of that; for a cleanup attribute. */
void quiet_end(const int *quiet);

/* Until the end of the block. */
#define QUIET_LIBBPF __attribute__((cleanup(quiet_end), unused)) int quiet = quiet_begin()
