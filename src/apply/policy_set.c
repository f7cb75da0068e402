// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reading policies that name their cgroups. */
#include "apply/policy_set.h"
#include "cgroup/glob.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/policy.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".json"

void cgfence_policy_set_free(struct cgfence_policy_set *policies)
{
	if (!policies)
		return;
	for (size_t i = 0; i < policies->count; i++) {
		free(policies->sources[i].origin);
		free(policies->sources[i].text);
		cgfence_policy_free(policies->sources[i].policy);
	}
	free(policies->sources);
	free(policies);
}

/* The source is released with the world, whatever happens. */
static int fill_source(const char *path, struct apply_source *source, struct cgfence_error *error)
{
	int result;

	source->origin = strdup(path);
	if (!source->origin)
		return error_out_of_memory(error);
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

static int read_source(const char *path, struct cgfence_policy_set *set,
		       struct cgfence_error *error)
{
	struct apply_source *sources = reallocarray(set->sources, set->count + 1, sizeof(*sources));

	if (!sources)
		return error_out_of_memory(error);
	set->sources = sources;
	sources[set->count] = (struct apply_source){ 0 };
	return fill_source(path, &sources[set->count++], error);
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

static int read_entry(const char *directory, const char *name, struct cgfence_policy_set *set,
		      struct cgfence_error *error)
{
	cleanup_free char *path = NULL;
	size_t length = strlen(directory);
	const char *slash = length && directory[length - 1] == '/' ? "" : "/";

	if (asprintf(&path, "%s%s%s", directory, slash, name) < 0) {
		path = NULL;
		return error_out_of_memory(error);
	}
	return read_source(path, set, error);
}

static int read_directory(const char *path, bool empty_ok, struct cgfence_policy_set *set,
			  struct cgfence_error *error)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_policy_name, compare_names);
	int result = 0;

	if (count < 0)
		return error_set(error, errno, "cannot read the directory %s: %s", path,
				 strerror(errno));
	/* To take an empty directory for the wish to have no fence would cost dearly if it only is not mounted. */
	if (count == 0 && !empty_ok)
		result = error_set(error, ENOENT,
				   "%s holds no policy: no file in it ends in " SUFFIX
				   "; to take all fences away, use 'detach --all'",
				   path);
	for (int i = 0; i < count; i++) {
		if (result == 0)
			result = read_entry(path, entries[i]->d_name, set, error);
		free(entries[i]);
	}
	free(entries);
	return result;
}

static int read_path(const char *path, unsigned int flags, struct cgfence_policy_set *set,
		     struct cgfence_error *error)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return read_directory(path, flags & CGFENCE_POLICY_SET_EMPTY_OK, set, error);
	return read_source(path, set, error);
}

int cgfence_policy_set_read(const char *path, unsigned int flags,
			    struct cgfence_policy_set **policies, struct cgfence_error *error)
{
	struct cgfence_policy_set *made = calloc(1, sizeof(*made));
	int result = made ? read_path(path, flags, made, error) : error_out_of_memory(error);

	if (result) {
		cgfence_policy_set_free(made);
		return result;
	}
	*policies = made;
	return 0;
}
