// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finds the cgroups that policies name. */
#include "apply/targets.h"
#include "cgroup/cgroup.h"
#include "cgroup/glob.h"
#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void apply_world_release(struct apply_world *world)
{
	for (size_t i = 0; i < world->target_count; i++)
		free(world->targets[i].path);
	for (size_t i = 0; i < world->fence_count; i++) {
		free(world->fences[i].path);
		free(world->fences[i].text);
	}
	free(world->targets);
	free(world->fences);
	*world = (struct apply_world){ 0 };
}

static int add_target(const struct cgfence_cgroup *cgroup, size_t source, struct apply_world *world,
		      struct cgfence_error *error)
{
	struct apply_target *targets =
		reallocarray(world->targets, world->target_count + 1, sizeof(*targets));
	char *path = strdup(cgfence_cgroup_path(cgroup));

	if (targets)
		world->targets = targets;
	if (!targets || !path) {
		free(path);
		return error_out_of_memory(error);
	}
	targets[world->target_count++] = (struct apply_target){
		.id = cgfence_cgroup_id(cgroup),
		.path = path,
		.is_root = cgfence_cgroup_is_root(cgroup),
		.source = source,
	};
	return 0;
}

static int find_target(const char *name, size_t source, struct apply_world *world,
		       struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int result = cgfence_cgroup_open(name, &cgroup, error);

	return result ? result : add_target(cgroup, source, world, error);
}

static int find_matching(const char *pattern, size_t source, struct apply_world *world,
			 struct cgfence_error *error)
{
	char **directories = NULL;
	size_t count = 0;
	int result = cgroup_glob(pattern, &directories, &count, error);

	for (size_t i = 0; i < count && result == 0; i++) {
		result = find_target(directories[i], source, world, error);
		/* The cgroup was removed after it was found. */
		if (result == -ENOENT)
			result = 0;
	}
	cgroup_glob_free(directories, count);
	return result;
}

int apply_find_targets(struct apply_world *world, bool missing_ok, struct cgfence_error *error)
{
	for (size_t i = 0; i < world->source_count; i++) {
		const struct apply_source *source = &world->sources[i];
		int result = source->is_glob ? find_matching(source->cgroup, i, world, error)
					     : find_target(source->cgroup, i, world, error);

		if (result == -ENOENT && missing_ok)
			continue;
		if (result) {
			error_wrap(error, "%s", source->origin);
			return result;
		}
	}
	return 0;
}
