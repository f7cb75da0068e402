// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finds the cgroups and the names of cgroups that policies are for. */
#include "apply/targets.h"
#include "apply/cover.h"
#include "cgroup/cgroup.h"
#include "cgroup/glob.h"
#include "cgroup/pattern.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/standing.h"

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
		free(world->fences[i].words);
	}
	free(world->targets);
	free(world->missing);
	free(world->fences);
	*world = (struct apply_world){ 0 };
}

struct finding {
	struct apply_world *world;
	size_t source;
	bool by_cgroup; /* the kernel takes no standing fences */
	struct cgfence_error *error;
};

static const struct apply_source *source_of(const struct finding *finding)
{
	return &finding->world->sources[finding->source];
}

/* @target: its path is copied */
static int add_target(const struct finding *finding, const struct apply_target *target)
{
	struct apply_world *world = finding->world;
	struct apply_target *targets = array_with_room(world->targets, world->target_count,
						       &world->target_capacity, sizeof(*targets));
	char *path = strdup(target->path);

	if (targets)
		world->targets = targets;
	if (!targets || !path) {
		free(path);
		return error_out_of_memory(finding->error);
	}
	targets[world->target_count] = *target;
	targets[world->target_count].source = finding->source;
	targets[world->target_count++].path = path;
	return 0;
}

static int add_cgroup(const struct cgfence_cgroup *cgroup, void *context)
{
	const struct finding *finding = context;
	const struct apply_target target = {
		.id = cgfence_cgroup_id(cgroup),
		.path = (char *)cgfence_cgroup_path(cgroup),
		.is_root = cgfence_cgroup_is_root(cgroup),
	};

	if (cover_excepts(source_of(finding)->except, target.path))
		return 0;
	return add_target(finding, &target);
}

static int add_standing(const struct finding *finding, char *path)
{
	const struct apply_target target = {
		.id = standing_id(path),
		.path = path,
		.standing = true,
	};

	return add_target(finding, &target);
}

static int add_missing(const struct finding *finding, struct cgfence_error *reason)
{
	struct apply_world *world = finding->world;
	struct apply_missing *missing =
		reallocarray(world->missing, world->missing_count + 1, sizeof(*missing));

	if (!missing)
		return error_out_of_memory(finding->error);
	world->missing = missing;
	error_wrap(reason, "%s", source_of(finding)->origin);
	missing[world->missing_count++] = (struct apply_missing){ finding->source, *reason };
	return 0;
}

static int find_glob(struct finding *finding)
{
	const struct apply_source *source = source_of(finding);
	struct cgfence_error reason = { 0 };
	cleanup_free char *path = NULL;
	int result;

	if (finding->by_cgroup) {
		result = cgroup_glob(source->cgroup, add_cgroup, finding, finding->error);
		if (result)
			error_wrap(finding->error, "%s", source->origin);
		return result;
	}
	result = cgroup_pattern_normalise(source->cgroup, &path, &reason);
	if (result == 0)
		return add_standing(finding, path);
	if (result == -ENOMEM)
		return error_out_of_memory(finding->error);
	return add_missing(finding, &reason);
}

/* @reason: why the cgroup cannot be opened */
static int find_absent(const struct finding *finding, const char *name,
		       struct cgfence_error *reason)
{
	cleanup_free char *path = NULL;

	if (!finding->by_cgroup && cgroup_can_appear(name) &&
	    cgroup_pattern_normalise(name, &path, NULL) == 0)
		return add_standing(finding, path);
	return add_missing(finding, reason);
}

/* The name of a cgroup that is there has a standing fence if it got one before that cgroup was made. */
static int find_present(struct finding *finding, const struct cgfence_cgroup *cgroup)
{
	const char *path = cgfence_cgroup_path(cgroup);
	uint64_t id;

	if (!finding->by_cgroup && cgroup_can_appear(source_of(finding)->cgroup) &&
	    cgfence_standing_find(path, &id, NULL) == 0)
		return add_standing(finding, (char *)path);
	return add_cgroup(cgroup, finding);
}

static int find_plain(struct finding *finding)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	const char *name = source_of(finding)->cgroup;
	struct cgfence_error reason = { 0 };
	int result = cgfence_cgroup_open(name, &cgroup, &reason);

	if (result == 0)
		return find_present(finding, cgroup);
	if (result == -ENOMEM)
		return error_out_of_memory(finding->error);
	return result == -ENOENT ? find_absent(finding, name, &reason)
				 : add_missing(finding, &reason);
}

int apply_find_targets(struct apply_world *world, struct cgfence_error *error)
{
	bool by_cgroup = standing_is_refused();

	for (size_t i = 0; i < world->source_count; i++) {
		struct finding finding = { world, i, by_cgroup, error };
		int result = world->sources[i].is_glob ? find_glob(&finding) : find_plain(&finding);

		if (result)
			return result;
	}
	return 0;
}
