/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * kernel_error() - set the error for a failed bpf(2) call, naming what the kernel or the caller lacks.
 * @code: errno value, positive
 * @format: the action that failed, such as "load the device program"
 *
 * Return: -@code.
 */
int kernel_error(struct cgfence_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
