// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/mountinfo.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define MOUNTINFO "/proc/self/mountinfo"

void cgroup2_mount_release(struct cgroup2_mount *mount)
{
	free(mount->root);
	free(mount->point);
	*mount = (struct cgroup2_mount){ 0 };
}

const char *path_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (length && directory[length - 1] == '/')
		length--;
	if (strncmp(path, directory, length) != 0 || (path[length] && path[length] != '/'))
		return NULL;
	return path + length;
}

int cgroup2_mount_below(const struct cgroup2_mount *mount, const char *name, const char **below,
			struct cgfence_error *error)
{
	const char *found = name;

	if (strcmp(mount->root, "/") != 0 && name[0] == '/')
		found = path_below(name, mount->root);
	if (!found)
		return error_set(
			error, ENOENT,
			"the cgroup %s is outside of %s, the part of the hierarchy that is mounted",
			name, mount->root);
	while (*found == '/')
		found++;
	*below = found;
	return 0;
}

/* mountinfo writes blank, tab, newline and backslash as a backslash and three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /point options [tags...] - type source options": takes root and point of a cgroup2. */
static bool parse_line(char *line, char **root, char **point)
{
	char *type = strstr(line, " - ");
	char *save = NULL;

	if (!type || strncmp(type, " - cgroup2 ", 11) != 0)
		return false;
	*type = '\0';
	strtok_r(line, " ", &save); /* mount id */
	strtok_r(NULL, " ", &save); /* parent */
	strtok_r(NULL, " ", &save); /* device */
	*root = strtok_r(NULL, " ", &save);
	*point = strtok_r(NULL, " ", &save);
	if (!*root || !*point)
		return false;
	unescape(*root);
	unescape(*point);
	return **root == '/' && **point == '/';
}

/* For a path the innermost mount, else the one whose root is nearest to that of the hierarchy. */
static bool is_better(const struct cgroup2_mount *best, const char *path, const char *root,
		      const char *point)
{
	if (path && !path_below(path, point))
		return false;
	if (!best->point)
		return true;
	return path ? strlen(point) >= strlen(best->point) : strlen(root) < strlen(best->root);
}

int mountinfo_read_cgroup2(FILE *file, const char *path, struct cgroup2_mount *mount)
{
	cleanup_mount struct cgroup2_mount best = { 0 };
	cleanup_free char *line = NULL;
	size_t size = 0;
	char *point;
	char *root;

	while (getline(&line, &size, file) >= 0) {
		if (!parse_line(line, &root, &point) || !is_better(&best, path, root, point))
			continue;
		cgroup2_mount_release(&best);
		best.root = strdup(root);
		best.point = strdup(point);
		if (!best.root || !best.point)
			return -ENOMEM;
	}
	if (!best.point)
		return -ENOENT;
	*mount = best;
	best = (struct cgroup2_mount){ 0 };
	return 0;
}

int mountinfo_find_cgroup2(const char *path, struct cgroup2_mount *mount,
			   struct cgfence_error *error)
{
	FILE *file = fopen(MOUNTINFO, "re");
	int result;

	if (!file)
		return error_set(error, errno, "cannot read " MOUNTINFO ": %s; is /proc mounted?",
				 strerror(errno));
	result = mountinfo_read_cgroup2(file, path, mount);
	fclose(file);
	if (result == -ENOMEM)
		return error_set(error, ENOMEM, "out of memory while reading " MOUNTINFO);
	if (result)
		return error_set(
			error, ENOENT,
			path ? "it is in no cgroup2 mount"
			     : "no cgroup2 file system is mounted; mount one with 'mount -t cgroup2 none /sys/fs/cgroup'");
	return 0;
}
