/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "kernel/maps.h"
#include "kernel/hook.h"

/**
 * programs_make_records() - make those of the maps of counters, denials and binds that are not open yet.
 * @standing: for a standing fence
 */
int programs_make_records(struct fence_maps *maps, bool standing, struct cgfence_error *error);

/** programs_make_asked() - make the map of binds alone, where programs may be shared. */
int programs_make_asked(struct fence_maps *maps, struct cgfence_error *error);

/** programs_make_own_records() - make CGFENCE_RECORDS_MAP. @room: its elements. Return: its descriptor, or -1 with errno. */
int programs_make_own_records(uint32_t room);

/**
 * programs_load() - load the programs of hooks.
 * @wanted: HOOK_BIT() of the number of each hook, none of which has its program yet
 * @image: what the policy map holds
 * @maps: the maps of the fence, all open
 * @programs: receives their descriptors; -1 for one that failed
 * @refused: receives the number of the hook whose program failed, or -1
 *
 * Return: 0, -EINVAL if the kernel lacks a helper or a program type, another -errno.
 */
int programs_load(unsigned int wanted, const struct cgfence_image *image, struct fence_maps *maps,
		  int programs[HOOKS_MAX], int *refused, struct cgfence_error *error);
