/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * error_set() - say what went wrong on this system.
 * @error: filled in unless NULL
 * @code: errno value, positive; the text does not show it and must explain the failure itself
 *
 * Return: -@code, for the caller to return in turn.
 */
int error_set(struct cgfence_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** error_set_invalid() - the same for a fault in the user's input. Return: -EINVAL. */
int error_set_invalid(struct cgfence_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** error_out_of_memory() - the error for a failed allocation. Return: -ENOMEM. */
int error_out_of_memory(struct cgfence_error *error);

/**
 * error_is_shortage() - is it want of descriptors or memory, so that what was asked for may be there all the same?
 * @code: errno value, positive
 */
bool error_is_shortage(int code);

/** error_wrap() - put context, such as "cannot fence /a/b", before the text, with a colon. */
void error_wrap(struct cgfence_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
