// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads policies that name their cgroups. */
#include "apply/policy_set.h"
#include "apply/policy_files.h"
#include "cgroup/glob.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/policy.h"
#include "policy/trust.h"

#include <string.h>

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

const char *cgfence_policy_set_origin(const struct cgfence_policy_set *policies, size_t index)
{
	return index < policies->count ? policies->sources[index].origin : NULL;
}

/* On failure too, the source is freed together with the others. */
static int fill_source(const char *path, unsigned int flags, struct apply_source *source,
		       struct cgfence_error *error)
{
	int result = 0;

	source->origin = strdup(path);
	if (!source->origin)
		return error_out_of_memory(error);
	if (flags & CGFENCE_POLICY_SET_ROOT_ONLY)
		result = policy_trust_check(path, error);
	if (result == 0)
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

static int read_source(const char *path, unsigned int flags, struct cgfence_policy_set *set,
		       struct cgfence_error *error)
{
	struct apply_source *sources = reallocarray(set->sources, set->count + 1, sizeof(*sources));

	if (!sources)
		return error_out_of_memory(error);
	set->sources = sources;
	sources[set->count] = (struct apply_source){ 0 };
	return fill_source(path, flags, &sources[set->count++], error);
}

static int read_path(const char *path, unsigned int flags, struct cgfence_policy_set *set,
		     struct cgfence_error *error)
{
	char **files = NULL;
	size_t count = 0;
	int result = policy_files_list(path, &files, &count, error);

	/* A directory may be empty because it is not mounted, so an empty one must not mean that no fence is wanted. */
	if (result == 0 && count == 0 && !(flags & CGFENCE_POLICY_SET_EMPTY_OK))
		result = error_set(
			error, ENOENT,
			"%s holds no policy: no file in it ends in .json; to detach all fences, use 'detach --all'",
			path);
	for (size_t i = 0; i < count && result == 0; i++)
		result = read_source(files[i], flags, set, error);
	policy_files_free(files, count);
	return result;
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
