// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply_read.h"
#include "cgroup.h"
#include "cgroup_glob.h"
#include "cleanup.h"
#include "error.h"
#include "policy.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".json"

void apply_world_release(struct apply_world *world)
{
	for (size_t i = 0; i < world->source_count; i++) {
		free(world->sources[i].origin);
		free(world->sources[i].text);
		cgfence_policy_free(world->sources[i].policy);
	}
	for (size_t i = 0; i < world->target_count; i++)
		free(world->targets[i].path);
	for (size_t i = 0; i < world->fence_count; i++) {
		free(world->fences[i].path);
		free(world->fences[i].text);
	}
	free(world->sources);
	free(world->targets);
	free(world->fences);
	*world = (struct apply_world){ 0 };
}

static int out_of_memory(struct cgfence_error *error)
{
	return error_set(error, ENOMEM, "out of memory");
}

/* The source is released with the world, whatever happens. */
static int fill_source(const char *path, struct apply_source *source, struct cgfence_error *error)
{
	int result;

	source->origin = strdup(path);
	if (!source->origin)
		return out_of_memory(error);
	result = cgfence_policy_read_file(path, &source->policy, error);
	if (result)
		return result;
	source->cgroup = source->policy->cgroup;
	if (!source->cgroup)
		return error_set_invalid(
			error,
			"%s: the key \"cgroup\" is missing; name the cgroup that the policy is for",
			path);
	source->is_glob = cgroup_is_glob(source->cgroup);
	return cgfence_policy_format(source->policy, &source->text, error);
}

static int read_source(const char *path, struct apply_world *world, struct cgfence_error *error)
{
	struct apply_source *sources =
		reallocarray(world->sources, world->source_count + 1, sizeof(*sources));

	if (!sources)
		return out_of_memory(error);
	world->sources = sources;
	sources[world->source_count] = (struct apply_source){ 0 };
	return fill_source(path, &sources[world->source_count++], error);
}

/* Hidden files are what editors leave. */
static int is_policy_name(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > strlen(SUFFIX) &&
	       strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_entry(const char *directory, const char *name, struct apply_world *world,
		      struct cgfence_error *error)
{
	cleanup_free char *path = NULL;
	size_t length = strlen(directory);
	const char *slash = length && directory[length - 1] == '/' ? "" : "/";

	if (asprintf(&path, "%s%s%s", directory, slash, name) < 0) {
		path = NULL;
		return out_of_memory(error);
	}
	return read_source(path, world, error);
}

static int read_directory(const char *path, struct apply_world *world, struct cgfence_error *error)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_policy_name, compare_names);
	int result = 0;

	if (count < 0)
		return error_set(error, errno, "cannot read the directory %s: %s", path,
				 strerror(errno));
	/* To take an empty directory for the wish to have no fence would cost dearly if it only is not mounted. */
	if (count == 0)
		result = error_set(error, ENOENT,
				   "%s holds no policy: no file in it ends in " SUFFIX
				   "; to take all fences away, use 'detach --all'",
				   path);
	for (int i = 0; i < count; i++) {
		if (result == 0)
			result = read_entry(path, entries[i]->d_name, world, error);
		free(entries[i]);
	}
	free(entries);
	return result;
}

int apply_read_sources(const char *path, struct apply_world *world, struct cgfence_error *error)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return read_directory(path, world, error);
	return read_source(path, world, error);
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
		return out_of_memory(error);
	}
	targets[world->target_count++] = (struct apply_target){
		.id = cgfence_cgroup_id(cgroup),
		.path = path,
		.is_root = cgroup_is_root(cgroup),
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
		/* Removed since it was found. */
		if (result == -ENOENT)
			result = 0;
	}
	cgroup_glob_free(directories, count);
	return result;
}

int apply_find_targets(struct apply_world *world, struct cgfence_error *error)
{
	for (size_t i = 0; i < world->source_count; i++) {
		const struct apply_source *source = &world->sources[i];
		int result = source->is_glob ? find_matching(source->cgroup, i, world, error)
					     : find_target(source->cgroup, i, world, error);

		if (result) {
			error_wrap(error, "%s", source->origin);
			return result;
		}
	}
	return 0;
}
