/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <sys/types.h>

/**
 * skip_call() - have a process that is stopped at the entry of a system call not make it.
 * @code: errno value, positive, that the call returns
 *
 * Return: 0 or -errno: -ENOSYS if the architecture is unknown here.
 */
int skip_call(pid_t pid, int code);
