// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/glob.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/mountinfo.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#define SPECIAL "*?["

#define cleanup_glob __attribute__((cleanup(globfree)))

bool cgroup_is_glob(const char *name)
{
	return name[strcspn(name, SPECIAL)];
}

/* A copy of @path that matches only itself. It uses brackets, since the backslash is not special. */
static char *quote(const char *path)
{
	char *quoted = malloc(3 * strlen(path) + 1);
	char *to = quoted;

	for (; quoted && *path; path++)
		to += sprintf(to, strchr(SPECIAL, *path) ? "[%c]" : "%c", *path);
	if (quoted)
		*to = '\0';
	return quoted;
}

/* A pattern below a mount, or one relative to the root. */
static int find_mount(const char *pattern, struct cgroup2_mount *mount, const char **below,
		      struct cgfence_error *error)
{
	int result;

	if (pattern[0] == '/' && mountinfo_find_cgroup2(pattern, mount, NULL) == 0) {
		*below = path_below(pattern, mount->point);
		return 0;
	}
	result = mountinfo_find_cgroup2(NULL, mount, error);
	return result ? result : cgroup2_mount_below(mount, pattern, below, error);
}

static int copy_paths(const glob_t *found, char ***directories, size_t *count,
		      struct cgfence_error *error)
{
	char **copies = calloc(found->gl_pathc + 1, sizeof(*copies));

	for (size_t i = 0; copies && i < found->gl_pathc; i++) {
		copies[i] = strdup(found->gl_pathv[i]);
		if (!copies[i]) {
			cgroup_glob_free(copies, i);
			copies = NULL;
		}
	}
	if (!copies)
		return error_out_of_memory(error);
	*directories = copies;
	*count = found->gl_pathc;
	return 0;
}

/* Adds the matches below @point, which is quoted. */
static int find(const char *point, const char *below, int flags, glob_t *found,
		struct cgfence_error *error)
{
	cleanup_free char *full = NULL;
	int result;

	/* The slash at the end makes only directories match. */
	if (asprintf(&full, "%s/%s/", point, below) < 0) {
		full = NULL;
		return error_out_of_memory(error);
	}
	result = glob(full, GLOB_NOESCAPE | flags, NULL, found);
	if (result && result != GLOB_NOMATCH)
		return error_set(error, result == GLOB_NOSPACE ? ENOMEM : EIO,
				 "cannot look for the cgroups that '%s' matches", below);
	return 0;
}

int cgroup_glob(const char *pattern, char ***directories, size_t *count,
		struct cgfence_error *error)
{
	cleanup_mount struct cgroup2_mount mount = { 0 };
	cleanup_glob glob_t found = { 0 };
	cleanup_free char *point = NULL;
	const char *below = NULL;
	int result = find_mount(pattern, &mount, &below, error);

	if (result)
		return result;
	point = quote(mount.point);
	result = point ? find(point, below, 0, &found, error) : error_out_of_memory(error);
	return result ? result : copy_paths(&found, directories, count, error);
}

int cgroup_glob_parents(const char *name, char ***directories, size_t *count,
			struct cgfence_error *error)
{
	cleanup_mount struct cgroup2_mount mount = { 0 };
	cleanup_glob glob_t found = { 0 };
	cleanup_free char *parents = NULL;
	cleanup_free char *point = NULL;
	const char *below = NULL;
	int result = find_mount(name, &mount, &below, error);
	int flags = 0;

	if (result)
		return result;
	point = quote(mount.point);
	parents = strdup(below);
	if (!point || !parents)
		return error_out_of_memory(error);
	/* All but the last component, then all but the last two, down to the root. */
	while (result == 0 && *parents) {
		char *slash = strrchr(parents, '/');

		*(slash ? slash : parents) = '\0';
		result = find(point, parents, flags, &found, error);
		flags = GLOB_APPEND;
	}
	return result ? result : copy_paths(&found, directories, count, error);
}

void cgroup_glob_free(char **directories, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(directories[i]);
	free(directories);
}
