// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads policies that name their cgroups. */
#include "apply/policy_set.h"
#include "apply/named.h"
#include "apply/policy_files.h"
#include "cgroup/glob.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/standing.h"
#include "policy/policy.h"
#include "policy/trust.h"

#include <string.h>

static void release_source(struct apply_source *source)
{
	free(source->origin);
	free(source->text);
	free(source->error);
	free(source->except);
	cgfence_policy_free(source->policy);
	*source = (struct apply_source){ 0 };
}

void cgfence_policy_set_free(struct cgfence_policy_set *policies)
{
	if (!policies)
		return;
	for (size_t i = 0; i < policies->count; i++)
		release_source(&policies->sources[i]);
	apply_memory_free(policies->memory);
	free(policies->sources);
	free(policies);
}

const char *cgfence_policy_set_origin(const struct cgfence_policy_set *policies, size_t index)
{
	return index < policies->count ? policies->sources[index].origin : NULL;
}

const struct cgfence_error *cgfence_policy_set_error(const struct cgfence_policy_set *policies,
						     size_t index)
{
	return policies->sources[index].error;
}

/* Reads a policy without its devices, after it failed with them, and keeps why. */
static int read_unresolved(const char *path, struct apply_source *source,
			   struct cgfence_error *error)
{
	int result;

	source->error = malloc(sizeof(*source->error));
	if (!source->error)
		return error_out_of_memory(error);
	*source->error = *error;
	/* Then it is not because of this host that it is invalid. */
	result = cgfence_policy_read_file_offline(path, &source->policy, NULL);
	/* The text says that the input is wrong, and it is this host that differs. */
	source->error->invalid_input = false;
	return result;
}

static int read_policy(const char *path, unsigned int flags, struct apply_source *source,
		       struct cgfence_error *error)
{
	int result = flags & CGFENCE_POLICY_SET_ROOT_ONLY ? policy_trust_check(path, error) : 0;

	if (result == 0)
		result = cgfence_policy_read_file(path, &source->policy, error);
	if (result == -EINVAL && error && error->invalid_input &&
	    flags & CGFENCE_POLICY_SET_UNRESOLVED_OK)
		result = read_unresolved(path, source, error);
	return result;
}

/* On failure too, the source is to be released. It is without a cgroup if the policy names none. */
static int fill_source(const char *path, unsigned int flags, struct apply_source *source,
		       struct cgfence_error *error)
{
	int result;

	source->origin = strdup(path);
	if (!source->origin)
		return error_out_of_memory(error);
	result = read_policy(path, flags, source, error);
	if (result)
		return result;
	result = named_refuse_except(path, source->policy, error);
	if (result)
		return result;
	source->cgroup = source->policy->cgroup;
	if (!source->cgroup)
		return 0;
	source->is_glob = cgroup_is_glob(source->cgroup);
	if (source->policy->except && standing_is_refused())
		source->except = cleanup_steal(source->policy->except);
	return source->error ? 0 : cgfence_policy_format(source->policy, &source->text, error);
}

/* @is_listed: in a directory, where policies may be that others name, such as annotations of containers */
static int read_source(const char *path, bool is_listed, unsigned int flags,
		       struct cgfence_policy_set *set, struct cgfence_error *error)
{
	struct apply_source *sources = reallocarray(set->sources, set->count + 1, sizeof(*sources));
	struct cgfence_error reason = { 0 };
	int result;

	if (!sources)
		return error_out_of_memory(error);
	set->sources = sources;
	sources[set->count] = (struct apply_source){ 0 };
	result = fill_source(path, flags, &sources[set->count++], &reason);
	if (result == 0 && !sources[set->count - 1].cgroup && is_listed)
		release_source(&sources[--set->count]);
	else if (result == 0 && !sources[set->count - 1].cgroup)
		result = error_set_invalid(
			&reason,
			"%s: the key \"cgroup\" is missing; name the cgroup that the policy is for",
			path);
	if (result && error)
		*error = reason;
	return result;
}

/* Moves a policy that could be resolved into the place of one that cannot be, with the reason why not. */
static void stand_in(struct apply_source *source, struct apply_source *earlier)
{
	struct cgfence_error *error = cleanup_steal(source->error);

	free(earlier->error);
	release_source(source);
	*source = *earlier;
	source->error = error;
	*earlier = (struct apply_source){ 0 };
}

void cgfence_policy_set_take_over(struct cgfence_policy_set *policies,
				  struct cgfence_policy_set *old)
{
	for (size_t i = 0; old && i < policies->count; i++) {
		struct apply_source *source = &policies->sources[i];

		for (size_t j = 0; j < old->count && source->error && !source->text; j++) {
			struct apply_source *earlier = &old->sources[j];

			if (earlier->text && strcmp(earlier->origin, source->origin) == 0)
				stand_in(source, earlier);
		}
	}
}

/* Return: has anything changed? */
static bool refresh(struct apply_source *source, unsigned int flags)
{
	struct apply_source now = { 0 };
	struct cgfence_error error = { 0 };
	bool changed;

	if (!source->error && !device_lookups_changed(&source->policy->lookups, NULL))
		return false;
	/* A file that is invalid by now is told of when it is read the next time. */
	if (fill_source(source->origin, flags | CGFENCE_POLICY_SET_UNRESOLVED_OK, &now, &error) ||
	    !now.cgroup) {
		release_source(&now);
		return false;
	}
	changed = !now.error != !source->error ||
		  (now.error && strcmp(now.error->text, source->error->text) != 0) ||
		  (now.text && strcmp(now.text, source->text) != 0);
	if (now.error && source->text)
		stand_in(&now, source);
	/* The memory may have the text. */
	else if (!changed && now.text) {
		free(now.text);
		now.text = cleanup_steal(source->text);
	}
	release_source(source);
	*source = now;
	return changed;
}

bool cgfence_policy_set_refresh(struct cgfence_policy_set *policies, unsigned int flags)
{
	bool changed = false;

	for (size_t i = 0; i < policies->count; i++)
		changed = refresh(&policies->sources[i], flags) || changed;
	/* It has texts of theirs. */
	if (changed)
		apply_memory_clear(policies->memory);
	return changed;
}

/* @count: of the files that end in .json */
static int refuse_empty(const char *path, size_t count, struct cgfence_error *error)
{
	return error_set(error, count ? ENODATA : ENOENT,
			 "%s holds no policy%s; to detach all fences, use 'detach --all'", path,
			 count ? " that names a cgroup" : ": no file in it ends in .json");
}

static int read_path(const char *path, unsigned int flags, struct cgfence_policy_set *set,
		     struct cgfence_error *error)
{
	char **files = NULL;
	size_t count = 0;
	int result = policy_files_list(path, &files, &count, error);

	for (size_t i = 0; i < count && result == 0; i++)
		result = read_source(files[i], strcmp(files[i], path) != 0, flags, set, error);
	/* A directory may be empty because it is not mounted, so an empty one must not mean that no fence is wanted. */
	if (result == 0 && set->count == 0 && !(flags & CGFENCE_POLICY_SET_EMPTY_OK))
		result = refuse_empty(path, count, error);
	policy_files_free(files, count);
	return result;
}

int cgfence_policy_set_read(const char *path, unsigned int flags,
			    struct cgfence_policy_set **policies, struct cgfence_error *error)
{
	struct cgfence_policy_set *made = calloc(1, sizeof(*made));
	int result;

	if (made)
		made->memory = apply_memory_new();
	result = made && made->memory ? read_path(path, flags, made, error)
				      : error_out_of_memory(error);
	if (result) {
		cgfence_policy_set_free(made);
		return result;
	}
	*policies = made;
	return 0;
}
