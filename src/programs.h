/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "fence_maps.h"
#include "hook.h"

/**
 * programs_load() - load those programs of an object that a policy wants.
 * @image: what the policy map holds
 * @maps: the maps of the fence; those of counters and denials are made if they are not open
 * @programs: receives a descriptor for each hook that is wanted and has its program in @object
 *
 * Return: 0, -EINVAL if the kernel lacks a helper or a program type, another -errno.
 */
int programs_load(enum hook_object object, const struct cgfence_image *image,
		  struct fence_maps *maps, int programs[HOOK_COUNT], struct cgfence_error *error);
