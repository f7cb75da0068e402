// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/pattern.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/glob.h"
#include "cgroup/mountinfo.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* PROC_CGROUP_INIT_INO, include/linux/proc_ns.h. */
#define FIRST_CGROUP_NAMESPACE 0xEFFFFFFBU

static bool is_dots(const char *name, size_t length)
{
	return (length == 1 && name[0] == '.') || (length == 2 && memcmp(name, "..", 2) == 0);
}

/* Copies the components of @from, each with a slash before it. */
static int copy_components(const char *from, char *to, struct cgfence_error *error)
{
	while (*from) {
		size_t length = strcspn(from, "/");

		if (is_dots(from, length))
			return error_set_invalid(
				error,
				"a pattern cannot have the component '%.*s'; write the path without it",
				(int)length, from);
		if (length) {
			*to++ = '/';
			memcpy(to, from, length);
			to += length;
		}
		from += length + (from[length] == '/');
	}
	*to = '\0';
	return 0;
}

/* What the paths in a mount begin with, without a slash at the end. */
static int root_of(const struct cgroup2_mount *mount, const char **root,
		   struct cgfence_error *error)
{
	if (!mount->root)
		return error_set(
			error, ENOENT,
			"it is not known where in the hierarchy the mount %s is; give a path in another one",
			mount->point);
	*root = strcmp(mount->root, "/") == 0 ? "" : mount->root;
	return 0;
}

int cgroup_pattern_normalise(const char *name, char **path, struct cgfence_error *error)
{
	cleanup_mount struct cgroup2_mount mount = { 0 };
	cleanup_free char *joined = NULL;
	cleanup_free char *copy = NULL;
	const char *below = NULL;
	const char *root = "";
	int result = cgroup_glob_find_mount(name, &mount, &below, error);

	if (result == 0)
		result = root_of(&mount, &root, error);
	if (result)
		return result;
	if (asprintf(&joined, "%s/%s", root, below) < 0) {
		joined = NULL;
		return error_out_of_memory(error);
	}
	copy = calloc(1, strlen(joined) + 2);
	if (!copy)
		return error_out_of_memory(error);
	result = copy_components(joined, copy, error);
	if (result)
		return result;
	if (!*copy)
		return error_set_invalid(
			error, "'%s' names the root cgroup, which has no other of its name", name);
	*path = cleanup_steal(copy);
	return 0;
}

static bool is_plain(const char *name, size_t length)
{
	return strcspn(name, "*?[") >= length;
}

/*
 * A slice below another one, such as system-web.slice or user-1000.slice: systemd makes it for its first unit, and removes
 * it with its last (systemd.slice(5)).
 */
static bool comes_and_goes(const char *name)
{
	static const char ending[] = ".slice";
	size_t length = strlen(name);

	return length >= sizeof(ending) && strchr(name, '-') &&
	       strcmp(name + length - (sizeof(ending) - 1), ending) == 0;
}

/*
 * In a cgroup namespace paths begin at its root, and so do not tell on what level of the hierarchy a cgroup is. Only the
 * root of the hierarchy has no cgroup.type.
 */
static bool tells_levels(const struct cgroup2_mount *mount)
{
	cleanup_close int fd = open(mount->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat namespace;

	if (stat("/proc/self/ns/cgroup", &namespace) < 0 ||
	    namespace.st_ino == FIRST_CGROUP_NAMESPACE)
		return true;
	return strcmp(mount->root, "/") == 0 && fd >= 0 &&
	       faccessat(fd, "cgroup.type", F_OK, 0) < 0;
}

uint32_t cgroup_pattern_depth(const char *path)
{
	uint32_t count = 0;

	for (; *path; path++)
		count += *path == '/';
	return count;
}

/*
 * Goes down as far as the names are plain and there, but not to the last one, and to none that comes and goes.
 * @place: of the rest of the path
 */
static int descend(const struct cgroup2_mount *mount, const char *root, const char *path,
		   const char **place, int *found)
{
	cleanup_close int fd = open(mount->point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *rest = path_below(path, root);

	if (fd < 0)
		return -errno;
	while (rest) {
		size_t length = strcspn(rest + 1, "/");
		cleanup_free char *name = strndup(rest + 1, length);
		int next;

		if (!name)
			return -ENOMEM;
		*place = rest;
		if (!rest[1 + length] || !is_plain(name, length) || comes_and_goes(name))
			break;
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && errno == ENOENT)
			break;
		if (next < 0)
			return -errno;
		close(fd);
		fd = next;
		rest += 1 + length;
	}
	*found = cleanup_steal_descriptor(&fd);
	return 0;
}

int cgroup_pattern_open_anchor(const char *path, struct cgfence_cgroup **anchor,
			       uint32_t *components, struct cgfence_error *error)
{
	cleanup_mount struct cgroup2_mount mount = { 0 };
	cleanup_free char *directory = NULL;
	cleanup_free char *own = NULL;
	const char *root = "";
	const char *place = path;
	int fd = -1;
	int result = mountinfo_find_cgroup2(NULL, &mount, error);

	if (result == 0)
		result = root_of(&mount, &root, error);
	if (result)
		return result;
	if (!tells_levels(&mount))
		return error_set(
			error, ENOTSUP,
			"in this cgroup namespace it is not known how deep a cgroup is; make the standing fence from that of the host");
	result = descend(&mount, root, path, &place, &fd);
	if (result)
		return error_set(error, -result, "cannot open the cgroups above '%s': %s", path,
				 strerror(-result));
	own = strndup(path, (size_t)(place - path));
	if (!own || asprintf(&directory, "%s%s", mount.point, own + strlen(root)) < 0) {
		directory = NULL;
		close(fd);
		return error_out_of_memory(error);
	}
	*components = cgroup_pattern_depth(place);
	return cgroup_wrap(fd, directory, *own ? own : "/", anchor, error);
}

const char *cgroup_pattern_tail(const char *path, uint32_t components)
{
	const char *tail = path + strlen(path);

	while (components && tail > path) {
		if (*--tail == '/')
			components--;
	}
	return *tail == '/' ? tail + 1 : tail;
}

bool cgroup_pattern_is_all_stars(const char *path)
{
	return strspn(path, "/*") == strlen(path);
}
