/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * kernel_error() - say why a bpf(2) call failed, and what the kernel or the caller lacks.
 * @code: errno value, positive
 * @format: what could not be done, such as "load the device program"
 *
 * Return: -@code.
 */
int kernel_error(struct cgfence_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
