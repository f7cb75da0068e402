/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "kernel/maps.h"
#include "kernel/hook.h"

/** programs_make_records() - make those maps of counters, denials and what binds asked for that are not open. */
int programs_make_records(struct fence_maps *maps, struct cgfence_error *error);

/**
 * programs_load() - load those programs of an object that a policy wants.
 * @image: what the policy map holds
 * @maps: the maps of the fence, all open
 * @programs: receives a descriptor for each hook that is wanted and has its program in @object
 *
 * Return: 0, -EINVAL if the kernel lacks a helper or a program type, another -errno.
 */
int programs_load(enum hook_object object, const struct cgfence_image *image,
		  struct fence_maps *maps, int programs[HOOK_COUNT], struct cgfence_error *error);
