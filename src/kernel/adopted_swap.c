// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that have come back take the place of those that they are like, and of no others. */
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/adopted.h"

/* Return: NULL if none on the same cgroup, or all of them have been taken. */
static const struct adopted_program *take_like(const struct adopted *kept, bool *taken,
					       const struct adopted_program *program)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (taken[i] || kept->programs[i].cgroup_id != program->cgroup_id ||
		    !adopted_is_like(&kept->programs[i], program))
			continue;
		taken[i] = true;
		return &kept->programs[i];
	}
	return NULL;
}

/* Their flags are those of now, and their order is that of the ones that they replace. */
static int swap_each(uint64_t id, const struct adopted_program *const *before,
		     const struct adopted *group, struct cgfence_error *error)
{
	int result = 0;

	for (size_t i = 0; i < group->count && result == 0; i++) {
		struct adopted_program program = group->programs[i];
		const struct adopted one = { .programs = &program, .count = 1 };

		program.order = before[i]->order;
		adopted_unpin_one(id, before[i]);
		result = adopted_pin(id, &one, error);
	}
	return result;
}

/* @group: those of one cgroup */
static int swap_group(uint64_t id, const struct adopted *kept, const struct adopted *group,
		      struct cgfence_error *error)
{
	cleanup_free const struct adopted_program **before =
		calloc(group->count + 1, sizeof(const struct adopted_program *));
	cleanup_free bool *taken = calloc(kept->count + 1, sizeof(*taken));
	bool all = true;

	if (!before || !taken)
		return error_out_of_memory(error);
	for (size_t i = 0; i < group->count && all; i++) {
		before[i] = take_like(kept, taken, &group->programs[i]);
		all = before[i];
	}
	return all ? swap_each(id, before, group, error) : adopted_replace(id, group, error);
}

int adopted_swap(uint64_t id, const struct adopted *kept, const struct adopted *adopted,
		 struct cgfence_error *error)
{
	size_t begin = 0;
	int result = 0;

	for (size_t i = 1; i <= adopted->count && result == 0; i++) {
		const struct adopted group = { .programs = &adopted->programs[begin],
					       .count = i - begin };

		if (i < adopted->count &&
		    adopted->programs[i].cgroup_id == adopted->programs[begin].cgroup_id)
			continue;
		result = swap_group(id, kept, &group, error);
		begin = i;
	}
	return result;
}
