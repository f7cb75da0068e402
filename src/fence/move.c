// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/move.h"
#include "cgroup/cgroup.h"
#include "kernel/foreign.h"

void fence_move_clear(uint64_t id)
{
	for (int i = hook_count - 1; i >= 0; i--)
		link_remove_beside(id, &hooks[i]);
}

bool fence_move_has(const struct fence_change *change, int hook)
{
	const struct link *link = &change->old.links[hook];

	return change->pattern && link->fd >= 0 &&
	       link->cgroup_id != cgfence_cgroup_id(change->cgroup);
}

void fence_move_undo(const struct fence_change *change)
{
	for (int i = hook_count - 1; i >= 0; i--) {
		if (fence_move_has(change, i))
			link_remove_beside(change->id, &hooks[i]);
	}
}

static int create(const struct fence_change *change, const struct hook *hook, int program,
		  struct cgfence_error *error)
{
	int result = foreign_check_overriding(change->cgroup, hook, program, error);

	if (result)
		return result;
	result = link_create_beside(change->id, change->cgroup, hook, program, error);
	if (result)
		foreign_explain_refusal(change->cgroup, hook, program, -result, error);
	return result;
}

int fence_move_begin(const struct fence_change *change, struct cgfence_error *error)
{
	int result = 0;

	for (int i = 0; i < hook_count && result == 0; i++) {
		if (change->new.programs[i] >= 0 && fence_move_has(change, i))
			result = create(change, &hooks[i], change->new.programs[i], error);
	}
	if (result)
		fence_move_undo(change);
	return result;
}

int fence_move_finish(const struct fence_change *change, struct cgfence_error *error)
{
	int result = 0;

	for (int i = 0; i < hook_count && result == 0; i++) {
		if (change->new.programs[i] >= 0 && fence_move_has(change, i))
			result = link_take_place(change->id, &hooks[i], error);
	}
	return result;
}
