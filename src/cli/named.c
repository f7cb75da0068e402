// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/named.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "report/handles.h"
#include "report/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void named_release(struct named_fence *named)
{
	cgfence_cgroup_close(named->cgroup);
	cgfence_fence_close(named->fence);
	free(named->name);
	*named = (struct named_fence){ 0 };
}

/* To be given to free(); NULL if it is no member. */
static char *name_standing(const struct cgfence_cgroup *cgroup)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	char *clause;

	if (cgfence_standing_of(cgfence_cgroup_id(cgroup), &ids, &count, NULL) || !count ||
	    cgfence_fence_open(ids[0], &fence, NULL) ||
	    asprintf(&clause, "a member of the standing fence of '%s'%s",
		     cgfence_fence_pattern(fence), count > 1 ? " and of others" : "") < 0)
		return NULL;
	return clause;
}

/* The fence of a cgroup above as a clause, to be given to free(); NULL if it has none. */
static char *name_there(const struct cgfence_cgroup *above)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_free char *standing = NULL;
	const char *path = cgfence_cgroup_path(above);
	char *clause;
	int length;

	if (cgfence_fence_open(cgfence_cgroup_id(above), &fence, NULL) == 0) {
		length = asprintf(&clause, "below the fence of %s", path);
	} else {
		standing = name_standing(above);
		if (!standing)
			return NULL;
		length = asprintf(&clause, "below %s, %s", path, standing);
	}
	return length < 0 ? NULL : clause;
}

/* The closest fence above, to be given to free(); NULL if there is none. */
static char *name_above(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_cgroup *above = NULL, *parent;
	char *clause = NULL;

	/* Each is closed before the next is looked at: a fenced process may nest cgroups deeper than there are descriptors. */
	while (!clause && cgfence_cgroup_open_parent(above ? above : cgroup, &parent, NULL) == 0) {
		cgfence_cgroup_close(above);
		above = parent;
		clause = name_there(above);
	}
	cgfence_cgroup_close(above);
	return clause;
}

/* Which fence holds for a cgroup that has none of its own, to be given to free(); NULL if none does. */
static char *name_holder(const struct cgfence_cgroup *cgroup)
{
	char *standing = name_standing(cgroup);

	return standing ? standing : name_above(cgroup);
}

int named_say_holder(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	cleanup_free char *holder = name_holder(cgroup);
	const char *path = cgfence_cgroup_path(cgroup);

	if (!holder)
		return error_set(error, ENOENT,
				 "%s has no fence of its own; attach a policy to it first", path);
	return error_set(error, ENOENT, "%s has no fence of its own; it is %s", path, holder);
}

void named_say_unchanged(const struct cgfence_cgroup *cgroup)
{
	cleanup_free char *holder = name_holder(cgroup);

	output_say("%s has no fence of its own; nothing changed%s%s.", cgfence_cgroup_path(cgroup),
		   holder ? ": it is still " : "", holder ? holder : "");
}

/* By its id, by which it is found also in a cgroup namespace where no mount shows it. */
int named_open_anchor(const struct cgfence_fence *fence, struct cgfence_cgroup **anchor,
		      struct cgfence_error *error)
{
	char name[32];

	snprintf(name, sizeof(name), "id:%llu", (unsigned long long)cgfence_fence_anchor(fence));
	return cgfence_cgroup_open(name, anchor, error);
}

static int open_standing(const char *name, struct named_fence *named, struct cgfence_error *error)
{
	int result = cgfence_standing_find(name, &named->id, error);

	if (result == 0)
		result = cgfence_fence_open(named->id, &named->fence, error);
	if (result)
		return result;
	named->name = strdup(cgfence_fence_pattern(named->fence));
	if (!named->name)
		return error_out_of_memory(error);
	return named_open_anchor(named->fence, &named->cgroup, error);
}

static int open_own(const char *name, struct named_fence *named, struct cgfence_error *error)
{
	struct cgfence_error hidden = { 0 };
	int result = cgfence_cgroup_open(name, &named->cgroup, error);

	if (result)
		return result;
	named->id = cgfence_cgroup_id(named->cgroup);
	result = cgfence_fence_open(named->id, &named->fence, error);
	if (result && result != -ENOENT)
		return result;
	if (cgfence_fence_check_hidden(named->cgroup, &hidden) == -EBUSY) {
		if (result)
			return error_set(error, EBUSY, "%s", hidden.text);
		output_complain("besides the fence that is visible, %s", hidden.text);
	}
	if (result)
		return named_say_holder(named->cgroup, error);
	named->name = strdup(cgfence_cgroup_path(named->cgroup));
	return named->name ? 0 : error_out_of_memory(error);
}

int named_open(const char *name, bool standing, struct named_fence *named,
	       struct cgfence_error *error)
{
	struct cgfence_error own = { 0 };
	int result;

	if (standing || cgfence_standing_is_pattern(name))
		return open_standing(name, named, error);
	result = open_own(name, named, &own);
	if (result == -ENOENT) {
		named_release(named);
		if (open_standing(name, named, NULL) == 0)
			return 0;
	}
	if (result && error)
		*error = own;
	return result;
}
