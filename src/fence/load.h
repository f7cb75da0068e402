/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of a fence that are made before the first link is touched. */
#pragma once

#include "fence/programs.h"

/**
 * fence_programs_load() - compile a policy and load the programs it wants, with the strongest listen guard that the
 * running kernel takes.
 * @set: its image is that of the policy, with generation, cgroup id and ephemeral set; the network namespace and the
 * time since when ports are fenced are kept, or filled in for this process and now if they are 0
 * @maps: the policy map is made anew; maps of counters and denials are made if they are not open
 */
int fence_programs_load(struct fence_programs *set, struct fence_maps *maps,
			struct cgfence_error *error);
