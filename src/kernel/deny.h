/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's part of the guard deny. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * deny_try() - may a program of this kernel refuse listen(2) to the sockets of a cgroup?
 * @taken: receives the answer; true also where no cgroup can be made to try it in
 *
 * Tried once a boot: where the kernel has no trampolines, such as 6.1 on arm64, it loads such a program and does not attach
 * it.
 *
 * Return: 0, or -errno if it could not be tried now.
 */
int deny_try(bool *taken, struct cgfence_error *error);
