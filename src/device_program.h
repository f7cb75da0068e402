/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "fence_maps.h"

/**
 * device_program_load() - load the device filter, with the maps of its fence.
 * @maps: the policy map, and the maps of counters and denials, which are made if they are not open
 * @program: receives a descriptor
 *
 * Return: 0, -EINVAL if the kernel lacks a helper, another -errno.
 */
int device_program_load(struct fence_maps *maps, int *program, struct cgfence_error *error);
