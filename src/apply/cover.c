// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/cover.h"
#include "cgroup/glob.h"

#include <limits.h>
#include <string.h>

/* The first component, without the slashes in front. Return: what comes behind it; NULL if it is too long for a name. */
static const char *take_component(const char *path, char component[NAME_MAX + 1])
{
	size_t length;

	path += strspn(path, "/");
	length = strcspn(path, "/");
	if (length > NAME_MAX)
		return NULL;
	memcpy(component, path, length);
	component[length] = '\0';
	return path + length;
}

bool cover_excepts(const char *except, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *rest = except;
	char pattern[NAME_MAX + 1];

	while (rest && *rest) {
		rest = take_component(rest, pattern);
		if (rest && cgroup_glob_fits(pattern, name))
			return true;
		if (rest && *rest)
			rest++;
	}
	return false;
}

bool cover_has(const char *except, const char *pattern, const char *path)
{
	const char *rest = path;
	char component[NAME_MAX + 1];
	char name[NAME_MAX + 1];

	while (pattern && rest && *pattern && *rest) {
		pattern = take_component(pattern, component);
		rest = take_component(rest, name);
		if (pattern && rest && !cgroup_glob_fits(component, name))
			return false;
	}
	return pattern && rest && !*pattern && !*rest && !cover_excepts(except, path);
}
