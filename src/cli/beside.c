// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/beside.h"
#include "base/cleanup.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/adopt.h>
#include <cgfence/foreign.h>
#include <cgfence/standing.h>

/* For so many the kernel is asked for the reason. */
#define REASONS_MAX 3

/* What is on the member itself. */
static bool has_programs(const struct cgfence_cgroup *member)
{
	cleanup_free struct cgfence_foreign_program *programs = NULL;
	size_t count = 0;

	if (cgfence_fence_list_foreign(member, CGFENCE_TOPIC_DEVICES, &programs, &count, NULL))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!programs[i].above && !programs[i].hidden)
			return true;
	}
	return false;
}

/* Return: do some stay? */
static bool look_at(uint64_t id, uint64_t member, size_t stay)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	size_t taken = 0;

	if (cgfence_cgroup_open_id(member, &cgroup, NULL) || !has_programs(cgroup))
		return false;
	if (stay >= REASONS_MAX)
		return true;
	if (cgfence_standing_adopt(id, member, &taken, &error) == 0)
		return false;
	output_complain("programs of others judge beside the fence in %s: %s",
			cgfence_cgroup_path(cgroup), error.text);
	return true;
}

void beside_complain(uint64_t id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_free uint64_t *members = NULL;
	size_t count = 0;
	size_t stay = 0;

	if (!cgfence_standing_is_id(id) || cgfence_fence_open(id, &fence, NULL) ||
	    !cgfence_policy_adopts(cgfence_fence_policy(fence)) ||
	    cgfence_fence_read_members(fence, &members, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++)
		stay += look_at(id, members[i], stay);
	if (stay > REASONS_MAX)
		output_complain("so they do in %zu more members", stay - REASONS_MAX);
}
