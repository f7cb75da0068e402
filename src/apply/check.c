// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Checks policies, each alone and for conflicts with the others. */
#include "apply/conflicts.h"
#include "apply/named.h"
#include "apply/policy_files.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <cgfence/apply.h>
#include <errno.h>
#include <string.h>

/* The part of a policy file that is kept; many whole policies would take much memory. */
struct checked_file {
	char *origin;
	char *name;
	char *cgroup;
	char *key; /* the normalised cgroup, to find conflicts; NULL if the policy names none or is invalid */
	struct cgfence_error *error;
};

struct checking {
	unsigned int flags;
	struct checked_file *files;
	size_t count;
	size_t capacity;
};

static void release_checking(struct checking *checking)
{
	for (size_t i = 0; i < checking->count; i++) {
		struct checked_file *file = &checking->files[i];

		free(file->origin);
		free(file->name);
		free(file->cgroup);
		free(file->key);
		free(file->error);
	}
	free(checking->files);
}

/* The last one counts. Return: -ENOMEM if there is no memory for the error. */
static int keep_error(struct checked_file *file, const struct cgfence_error *error)
{
	free(file->error);
	file->error = malloc(sizeof(*file->error));
	if (!file->error)
		return -ENOMEM;
	*file->error = *error;
	return 0;
}

static int add_file(struct checking *checking, const char *origin, struct checked_file **file)
{
	struct checked_file *files = array_with_room(checking->files, checking->count,
						     &checking->capacity, sizeof(*files));

	if (!files)
		return -ENOMEM;
	checking->files = files;
	*file = &files[checking->count++];
	**file = (struct checked_file){ .origin = strdup(origin) };
	return (*file)->origin ? 0 : -ENOMEM;
}

/* What the policy is for: its cgroup as text that can be compared, unless no fence can be made for it. */
static int keep_cgroup(struct checked_file *file, const struct cgfence_policy *policy,
		       unsigned int flags)
{
	__attribute__((cleanup(cgroup2_mount_release))) struct cgroup2_mount mount = { 0 };
	const char *cgroup = cgfence_policy_cgroup(policy);
	struct cgfence_error error = { 0 };
	cleanup_free char *key = NULL;

	if (cgroup[0] == '/')
		mountinfo_find_cgroup2(cgroup, &mount, NULL);
	file->cgroup = strdup(cgroup);
	key = conflicts_normalise(cgroup, mount.root ? &mount : NULL);
	if (!file->cgroup || !key)
		return -ENOMEM;
	if (named_refuse_cgroup(file->origin, policy, key, flags & CGFENCE_POLICY_CHECK_OFFLINE,
				&error))
		return keep_error(file, &error);
	file->key = cleanup_steal(key);
	return 0;
}

static int keep_policy(struct checked_file *file, const struct cgfence_policy *policy,
		       unsigned int flags)
{
	const char *name = cgfence_policy_name(policy);

	file->name = name ? strdup(name) : NULL;
	if (name && !file->name)
		return -ENOMEM;
	return cgfence_policy_cgroup(policy) ? keep_cgroup(file, policy, flags) : 0;
}

/* What this host lacks makes a policy no less one for its cgroup, as apply takes it. Standard input is gone by now. */
static int keep_unresolved(struct checked_file *file, unsigned int flags)
{
	struct cgfence_policy *policy = NULL;
	int result = 0;

	if (strcmp(file->origin, "-") != 0 &&
	    cgfence_policy_read_file_offline(file->origin, &policy, NULL) == 0)
		result = keep_policy(file, policy, flags);
	cgfence_policy_free(policy);
	return result;
}

static int check_file(struct checking *checking, const char *path)
{
	struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };
	struct checked_file *file;
	int result = add_file(checking, path, &file);

	if (result)
		return result;
	result = checking->flags & CGFENCE_POLICY_CHECK_OFFLINE
			 ? cgfence_policy_read_file_offline(path, &policy, &error)
			 : cgfence_policy_read_file(path, &policy, &error);
	if (result == -ENOMEM)
		return result;
	if (result == -EINVAL && !(checking->flags & CGFENCE_POLICY_CHECK_OFFLINE) &&
	    keep_unresolved(file, checking->flags))
		return -ENOMEM;
	if (result == 0)
		result = named_refuse_except(path, policy, &error);
	result = result ? keep_error(file, &error) : keep_policy(file, policy, checking->flags);
	cgfence_policy_free(policy);
	return result;
}

/* For a directory that cannot be read or that has nothing to check. */
static int refuse_path(struct checking *checking, const char *path,
		       const struct cgfence_error *error)
{
	struct checked_file *file;
	int result = add_file(checking, path, &file);

	return result ? result : keep_error(file, error);
}

static int check_path(struct checking *checking, const char *path)
{
	struct cgfence_error error = { 0 };
	char **files = NULL;
	size_t count = 0;
	int result = policy_files_list(path, &files, &count, &error);

	if (result == -ENOMEM)
		return result;
	if (result == 0 && count == 0)
		result = error_set(&error, ENOENT,
				   "%s holds no policy: no file in it ends in .json", path);
	if (result)
		result = refuse_path(checking, path, &error);
	for (size_t i = 0; i < count && result == 0; i++)
		result = check_file(checking, files[i]);
	policy_files_free(files, count);
	return result;
}

static int find_conflicts(struct checking *checking)
{
	cleanup_free struct named_policy *policies = calloc(checking->count + 1, sizeof(*policies));
	int result;

	if (!policies)
		return -ENOMEM;
	for (size_t i = 0; i < checking->count; i++) {
		policies[i].origin = checking->files[i].origin;
		policies[i].cgroup = checking->files[i].key;
	}
	result = conflicts_find(policies, checking->count);
	for (size_t i = 0; i < checking->count && result == 0; i++) {
		struct cgfence_error error = { 0 };

		if (!policies[i].conflict)
			continue;
		conflicts_refuse(policies[i].conflict->origin, policies[i].origin,
				 policies[i].cgroup, &error);
		result = keep_error(&checking->files[i], &error);
	}
	return result;
}

int cgfence_policy_check(const char *const *paths, size_t count, unsigned int flags,
			 cgfence_policy_check_visitor *visitor, void *context,
			 struct cgfence_error *error)
{
	__attribute__((cleanup(release_checking))) struct checking checking = { .flags = flags };
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++)
		result = check_path(&checking, paths[i]);
	if (result == 0)
		result = find_conflicts(&checking);
	if (result)
		return error_out_of_memory(error);
	for (size_t i = 0; i < checking.count; i++) {
		const struct checked_file *file = &checking.files[i];
		const struct cgfence_policy_checked checked = {
			.origin = file->origin,
			.name = file->name,
			.cgroup = file->cgroup,
			.error = file->error,
		};

		visitor(&checked, context);
	}
	return 0;
}
