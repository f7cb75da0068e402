// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/programs.h"
#include "kernel/programs.h"

void fence_programs_init(struct fence_programs *set)
{
	*set = (struct fence_programs){ .source = -1, .refused = -1, .reads = true };
	for (int i = 0; i < HOOKS_MAX; i++)
		set->programs[i] = -1;
}

static void close_programs(struct fence_programs *set)
{
	for (int i = 0; i < HOOKS_MAX; i++) {
		cleanup_close_descriptor(&set->programs[i]);
		set->programs[i] = -1;
	}
}

void fence_programs_release(struct fence_programs *set)
{
	close_programs(set);
	cleanup_close_descriptor(&set->source);
	set->source = -1;
	free(set->image);
	set->image = NULL;
}

int fence_programs_create_policy_map(struct fence_programs *set, struct fence_maps *maps,
				     struct cgfence_error *error)
{
	int result;

	close_programs(set);
	set->refused = -1;
	cleanup_close_descriptor(&maps->policy);
	maps->policy = -1;
	result = fence_maps_create_policy(set->image, &maps->policy, error);
	/* Programs get the policy by the name of its map. */
	return result ? result : fence_maps_check_names(maps, error);
}

int fence_programs_load_wanted(struct fence_programs *set, bool guards, struct fence_maps *maps,
			       struct cgfence_error *error)
{
	unsigned int wanted = 0;

	for (int i = 0; i < hook_count; i++) {
		if ((hooks[i].guards != 0) == guards && set->programs[i] < 0 &&
		    hook_is_wanted(&hooks[i], set->image))
			wanted |= HOOK_BIT(i);
	}
	return programs_load(wanted, set->image, maps, set->programs, &set->refused, error);
}
