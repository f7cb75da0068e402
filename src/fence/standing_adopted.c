// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/standing_adopted.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/adopted.h"
#include "fence/levels.h"
#include "kernel/adopted.h"
#include "kernel/membership.h"

#include <errno.h>

/* So many of members that are gone. */
#define GONE_MAX 8

/* Parts of a list, which keeps the descriptors. */
struct parts {
	struct adopted within; /* of members */
	struct adopted outside;
};

static void release(struct parts *parts)
{
	free(parts->within.programs);
	free(parts->outside.programs);
}

#define cleanup_parts __attribute__((cleanup(release)))

static bool is_in_member(int members, int directory, uint64_t id)
{
	return membership_has(members, id) || membership_has(members, levels_root_id(directory));
}

static int split(const struct adopted *all, int members, struct parts *parts,
		 struct cgfence_error *error)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	int result = hierarchy_open(&hierarchy, error);

	if (result)
		return result;
	parts->within.programs = calloc(all->count, sizeof(*all->programs));
	parts->outside.programs = calloc(all->count, sizeof(*all->programs));
	if (!parts->within.programs || !parts->outside.programs)
		return error_out_of_memory(error);
	for (size_t i = 0; i < all->count; i++) {
		uint64_t id = all->programs[i].cgroup_id;
		cleanup_close int directory = hierarchy_open_directory(&hierarchy, id);
		struct adopted *part;

		if (directory == -ENOENT)
			continue;
		if (directory < 0)
			return error_set(error, -directory, "cannot open the cgroup with id %llu",
					 (unsigned long long)id);
		part = is_in_member(members, directory, id) ? &parts->within : &parts->outside;
		part->programs[part->count++] = all->programs[i];
	}
	return 0;
}

static int settle_parts(uint64_t id, const struct adopted *all, int members,
			struct cgfence_error *error)
{
	cleanup_parts struct parts parts = { 0 };
	int result = split(all, members, &parts, error);

	if (result == 0)
		result = adopted_attach(&parts.outside, error);
	for (size_t i = 0; i < parts.outside.count && result == 0; i++)
		adopted_unpin_one(id, &parts.outside.programs[i]);
	return result ? result : adopted_detach(&parts.within, error);
}

int standing_adopted_settle(uint64_t id, bool in_force, int members, struct cgfence_error *error)
{
	cleanup_adopted struct adopted all = { 0 };
	int result;

	if (!in_force)
		return fence_adopted_settle(id, false, error);
	result = adopted_read(id, &all, error);
	if (result || !all.count)
		return result;
	return members < 0 ? adopted_attach(&all, error) : settle_parts(id, &all, members, error);
}

/* Ids of cgroups grow, and the list is in their order. */
static bool is_repeated(const struct adopted *all, size_t index)
{
	for (size_t i = index + 1; i < all->count; i++) {
		if (adopted_is_like(&all->programs[i], &all->programs[index]))
			return true;
	}
	return false;
}

void standing_adopted_forget(uint64_t id)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	cleanup_adopted struct adopted all = { 0 };
	size_t kept = 0;

	if (hierarchy_open(&hierarchy, NULL) || adopted_read(id, &all, NULL))
		return;
	for (size_t i = all.count; i-- > 0;) {
		if (hierarchy_has(&hierarchy, all.programs[i].cgroup_id))
			continue;
		if (is_repeated(&all, i) || ++kept > GONE_MAX)
			adopted_unpin_one(id, &all.programs[i]);
	}
}
