/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's part of the guard mute. */
#pragma once

#include <stdbool.h>

/**
 * mute_is_taken() - can a program of this kernel tie a socket to an interface when it begins to listen?
 *
 * Tried once a boot: 5.10 loads such a program, and takes no notice of the option.
 */
bool mute_is_taken(void);
