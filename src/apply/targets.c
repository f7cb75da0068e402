// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finds the cgroups that policies name. */
#include "apply/targets.h"
#include "cgroup/cgroup.h"
#include "cgroup/glob.h"
#include "base/array.h"
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
	free(world->missing);
	free(world->fences);
	*world = (struct apply_world){ 0 };
}

struct finding {
	struct apply_world *world;
	size_t source;
	struct cgfence_error *error;
};

static int add_target(const struct cgfence_cgroup *cgroup, void *context)
{
	const struct finding *finding = context;
	struct apply_world *world = finding->world;
	struct apply_target *targets = array_with_room(world->targets, world->target_count,
						       &world->target_capacity, sizeof(*targets));
	char *path = strdup(cgfence_cgroup_path(cgroup));

	if (targets)
		world->targets = targets;
	if (!targets || !path) {
		free(path);
		return error_out_of_memory(finding->error);
	}
	targets[world->target_count++] = (struct apply_target){
		.id = cgfence_cgroup_id(cgroup),
		.path = path,
		.is_root = cgfence_cgroup_is_root(cgroup),
		.source = finding->source,
	};
	return 0;
}

static int add_missing(struct apply_world *world, size_t source, const struct cgfence_error *reason,
		       struct cgfence_error *error)
{
	struct apply_missing *missing =
		reallocarray(world->missing, world->missing_count + 1, sizeof(*missing));

	if (!missing)
		return error_out_of_memory(error);
	world->missing = missing;
	missing[world->missing_count++] = (struct apply_missing){ source, *reason };
	return 0;
}

static int find_plain(struct finding *finding, const char *name)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error reason = { 0 };
	int result = cgfence_cgroup_open(name, &cgroup, &reason);

	if (result == 0)
		return add_target(cgroup, finding);
	if (result == -ENOMEM)
		return error_out_of_memory(finding->error);
	error_wrap(&reason, "%s", finding->world->sources[finding->source].origin);
	return add_missing(finding->world, finding->source, &reason, finding->error);
}

int apply_find_targets(struct apply_world *world, struct cgfence_error *error)
{
	for (size_t i = 0; i < world->source_count; i++) {
		const struct apply_source *source = &world->sources[i];
		struct finding finding = { world, i, error };
		int result;

		if (!source->is_glob) {
			result = find_plain(&finding, source->cgroup);
		} else {
			result = cgroup_glob(source->cgroup, add_target, &finding, error);
			if (result)
				error_wrap(error, "%s", source->origin);
		}
		if (result)
			return result;
	}
	return 0;
}
