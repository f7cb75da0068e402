// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/mountinfo.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#define MOUNTINFO "/proc/self/mountinfo"

/* As much as the kernel gives at once, and four times as much as stdio would ask for. */
#define PIECE 4096

void cgroup2_mount_release(struct cgroup2_mount *mount)
{
	free(mount->root);
	free(mount->own_root);
	free(mount->point);
	*mount = (struct cgroup2_mount){ 0 };
}

void cgroup2_mounts_release(struct cgroup2_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++)
		cgroup2_mount_release(&mounts->items[i]);
	free(mounts->items);
	*mounts = (struct cgroup2_mounts){ 0 };
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
	const char *found = mount->root ? name : NULL;

	if (found && strcmp(mount->root, "/") != 0 && name[0] == '/')
		found = path_below(name, mount->root);
	if (!found)
		return error_set(
			error, ENOENT,
			"the cgroup %s is outside of %s, the part of the hierarchy that is mounted",
			name, mount->root ? mount->root : mount->own_root);
	while (*found == '/')
		found++;
	*below = found;
	return 0;
}

const char *cgroup2_mount_below_own(const struct cgroup2_mount *mount, const char *name)
{
	const char *below = path_below(name, mount->own_root);

	/* A name that goes further up is not below, though it begins with the same components. */
	return below && strncmp(below, "/..", 3) == 0 && (!below[3] || below[3] == '/') ? NULL
											: below;
}

char *cgroup2_mount_path(const struct cgroup2_mount *mount, const char *directory)
{
	const char *below = path_below(directory, mount->point);
	char *path = NULL;

	if (!below || !mount->root)
		return NULL;
	if (asprintf(&path, "%s%s", strcmp(mount->root, "/") == 0 ? "" : mount->root, below) < 0)
		return NULL;
	if (*path)
		return path;
	free(path);
	return strdup("/");
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

static int add_mount(struct cgroup2_mounts *mounts, size_t *capacity, const char *root,
		     const char *point)
{
	struct cgroup2_mount *items =
		array_with_room(mounts->items, mounts->count, capacity, sizeof(*items));
	struct cgroup2_mount made = {
		.own_root = strdup(root),
		.point = strdup(point),
		.order = mounts->count,
	};

	if (items)
		mounts->items = items;
	if (!items || !made.own_root || !made.point) {
		cgroup2_mount_release(&made);
		return -ENOMEM;
	}
	items[mounts->count++] = made;
	return 0;
}

/* How many levels above the root of the own cgroup namespace a path begins; @rest receives what follows. */
static size_t levels_above(const char *path, const char **rest)
{
	size_t levels = 0;

	while (strncmp(path, "/..", 3) == 0 && (!path[3] || path[3] == '/')) {
		path += 3;
		levels++;
	}
	*rest = strcmp(path, "/") == 0 ? "" : path;
	return levels;
}

/* The highest level of which a mount shows all. */
static size_t highest_level(const struct cgroup2_mounts *mounts)
{
	size_t highest = 0;

	for (size_t i = 0; i < mounts->count; i++) {
		const char *rest;
		size_t levels = levels_above(mounts->items[i].own_root, &rest);

		if (!*rest && levels > highest)
			highest = levels;
	}
	return highest;
}

/* The names of the cgroups between the root of the namespace and a higher one are not known. */
static int set_root(struct cgroup2_mount *mount, size_t highest)
{
	const char *rest;
	size_t levels = levels_above(mount->own_root, &rest);

	if (levels < highest)
		return 0;
	mount->root = strdup(levels > highest ? mount->own_root + 3 * highest : *rest ? rest : "/");
	return mount->root ? 0 : -ENOMEM;
}

static size_t rank(const struct cgroup2_mount *mount)
{
	return mount->root ? strlen(mount->root) : SIZE_MAX;
}

/* Of mounts that show the same the first stays first. */
static void sort(struct cgroup2_mounts *mounts)
{
	for (size_t i = 1; i < mounts->count; i++) {
		struct cgroup2_mount moved = mounts->items[i];
		size_t at = i;

		for (; at && rank(&mounts->items[at - 1]) > rank(&moved); at--)
			mounts->items[at] = mounts->items[at - 1];
		mounts->items[at] = moved;
	}
}

static int read_lines(FILE *file, struct cgroup2_mounts *mounts)
{
	cleanup_free char *line = NULL;
	size_t capacity = 0;
	size_t size = 0;
	char *point;
	char *root;

	while (getline(&line, &size, file) >= 0) {
		if (parse_line(line, &root, &point) && add_mount(mounts, &capacity, root, point))
			return -ENOMEM;
	}
	return 0;
}

static int set_roots(struct cgroup2_mounts *mounts)
{
	size_t highest = highest_level(mounts);

	for (size_t i = 0; i < mounts->count; i++) {
		if (set_root(&mounts->items[i], highest))
			return -ENOMEM;
	}
	sort(mounts);
	return 0;
}

/* If something else is mounted on top of it, no path leads into it. In doubt it is not. */
static bool is_covered(const struct cgroup2_mount *mount)
{
	struct statfs status;

	if (statfs(mount->point, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR;
	return status.f_type != CGROUP2_SUPER_MAGIC;
}

static void drop_covered(struct cgroup2_mounts *mounts)
{
	size_t kept = 0;

	for (size_t i = 0; i < mounts->count; i++) {
		if (is_covered(&mounts->items[i]))
			cgroup2_mount_release(&mounts->items[i]);
		else
			mounts->items[kept++] = mounts->items[i];
	}
	mounts->count = kept;
}

int mountinfo_parse(FILE *file, struct cgroup2_mounts *mounts)
{
	cleanup_mounts struct cgroup2_mounts found = { 0 };

	if (read_lines(file, &found) || set_roots(&found))
		return -ENOMEM;
	*mounts = found;
	found = (struct cgroup2_mounts){ 0 };
	return 0;
}

/* What covers a mount does not show what that would. */
static int parse_reachable(FILE *file, struct cgroup2_mounts *mounts)
{
	cleanup_mounts struct cgroup2_mounts found = { 0 };

	if (read_lines(file, &found))
		return -ENOMEM;
	drop_covered(&found);
	if (set_roots(&found))
		return -ENOMEM;
	*mounts = found;
	found = (struct cgroup2_mounts){ 0 };
	return 0;
}

int mountinfo_read(struct cgroup2_mounts *mounts, struct cgfence_error *error)
{
	struct cgroup2_mounts found = { 0 };
	FILE *file = fopen(MOUNTINFO, "re");
	char buffer[PIECE];
	int result;

	if (!file)
		return error_set(error, errno, "cannot read " MOUNTINFO ": %s; is /proc mounted?",
				 strerror(errno));
	setvbuf(file, buffer, _IOFBF, sizeof(buffer));
	result = parse_reachable(file, &found);
	fclose(file);
	if (result)
		return error_set(error, ENOMEM, "out of memory while reading " MOUNTINFO);
	if (!found.count)
		return error_set(
			error, ENOENT,
			"no cgroup2 file system is mounted; mount one with 'mount -t cgroup2 none /sys/fs/cgroup'");
	*mounts = found;
	return 0;
}

/* Is mount @a further in than @b, or on top of it? */
static bool is_inner(const struct cgroup2_mount *a, const struct cgroup2_mount *b)
{
	size_t length_a = strlen(a->point);
	size_t length_b = strlen(b->point);

	return length_a != length_b ? length_a > length_b : a->order > b->order;
}

const struct cgroup2_mount *mountinfo_containing(const struct cgroup2_mounts *mounts,
						 const char *path)
{
	const struct cgroup2_mount *best = NULL;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct cgroup2_mount *mount = &mounts->items[i];

		if (path_below(path, mount->point) && (!best || is_inner(mount, best)))
			best = mount;
	}
	return best;
}

/* Takes it out of the list. Return: 0 or -ENOENT. */
static int choose(struct cgroup2_mounts *mounts, const char *path, struct cgroup2_mount *mount)
{
	const struct cgroup2_mount *found = path ? mountinfo_containing(mounts, path)
						 : mounts->items;

	if (!found)
		return -ENOENT;
	*mount = *found;
	mounts->items[found - mounts->items] = (struct cgroup2_mount){ 0 };
	return 0;
}

int mountinfo_read_cgroup2(FILE *file, const char *path, struct cgroup2_mount *mount)
{
	cleanup_mounts struct cgroup2_mounts mounts = { 0 };
	int result = mountinfo_parse(file, &mounts);

	return result ? result : choose(&mounts, path, mount);
}

int mountinfo_find_cgroup2(const char *path, struct cgroup2_mount *mount,
			   struct cgfence_error *error)
{
	cleanup_mounts struct cgroup2_mounts mounts = { 0 };
	int result = mountinfo_read(&mounts, error);

	if (result)
		return result;
	return choose(&mounts, path, mount) ? error_set(error, ENOENT, "it is in no cgroup2 mount")
					    : 0;
}
