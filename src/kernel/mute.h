/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's part of the guard mute. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * mute_try() - can a program of this kernel tie a socket to an interface when it begins to listen?
 * @taken: receives the answer; false also where no cgroup can be made to try it in
 *
 * Tried once a boot: 5.10 loads such a program, and takes no notice of the option.
 *
 * Return: 0, or -errno if it could not be tried now.
 */
int mute_try(bool *taken, struct cgfence_error *error);
