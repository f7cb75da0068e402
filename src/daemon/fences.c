// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/fences.h"
#include "base/error.h"
#include "report/handles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void watch_fences_free(struct watch_fences *fences)
{
	for (size_t i = 0; i < fences->count; i++)
		free(fences->paths[i]);
	free(fences->paths);
	free(fences->ids);
	*fences = (struct watch_fences){ 0 };
}

static char *read_path(uint64_t id)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	return cgfence_cgroup_open_id(id, &cgroup, NULL) ? NULL
							 : strdup(cgfence_cgroup_path(cgroup));
}

/* Moves known paths from @old to @new; both lists are in ascending order. */
static void compare(struct watch_fences *old, struct watch_fences *new, watch_fences_change *change,
		    void *context)
{
	size_t at = 0;

	for (size_t i = 0; i < new->count; i++) {
		for (; at < old->count && old->ids[at] < new->ids[i]; at++)
			change(old->paths[at], false, context);
		if (at < old->count && old->ids[at] == new->ids[i]) {
			new->paths[i] = old->paths[at];
			old->paths[at++] = NULL;
			continue;
		}
		new->paths[i] = read_path(new->ids[i]);
		change(new->paths[i], true, context);
	}
	for (; at < old->count; at++)
		change(old->paths[at], false, context);
}

static void ignore_change(const char *path, bool fenced, void *context)
{
	(void)path;
	(void)fenced;
	(void)context;
}

int watch_fences_update(struct watch_fences *fences, watch_fences_change *change, void *context,
			struct cgfence_error *error)
{
	struct watch_fences new = { 0 };
	int result = cgfence_fence_list(&new.ids, &new.count, error);

	if (result)
		return result;
	new.paths = calloc(new.count + 1, sizeof(*new.paths));
	if (!new.paths) {
		free(new.ids);
		return error_out_of_memory(error);
	}
	compare(fences, &new, change ? change : ignore_change, context);
	watch_fences_free(fences);
	*fences = new;
	return 0;
}
