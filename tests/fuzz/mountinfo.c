// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Looks for lines of /proc/self/mountinfo that are read wrongly. The first line is the path that is looked for, or empty. */
#include "base/cleanup.h"
#include "cgroup/mountinfo.h"
#include "fuzz/support/require.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_below(const struct cgroup2_mount *mount, const char *name)
{
	struct cgfence_error error = { 0 };
	const char *below = NULL;

	if (cgroup2_mount_below(mount, name, &below, &error)) {
		require(!below && *error.text, "it is refused without a reason", name);
		return;
	}
	require(below >= name && below <= name + strlen(name) && *below != '/',
		"it is below somewhere else", name);
}

static void check_mount(const struct cgroup2_mount *mount, const char *path)
{
	/* In a cgroup namespace it may be unknown what a mount shows. */
	require(!mount->root || mount->root[0] == '/', "no absolute root",
		mount->root ? mount->root : "");
	require(mount->own_root && mount->own_root[0] == '/', "no absolute root of its own",
		mount->own_root ? mount->own_root : "");
	require(mount->point && mount->point[0] == '/', "no absolute point",
		mount->point ? mount->point : "");
	require(!*path || path_below(path, mount->point), "the mount does not have the path", path);
	check_below(mount, mount->root ? mount->root : "/");
	cgroup2_mount_below_own(mount, path);
	check_below(mount, "/a/b");
	check_below(mount, "a");
	check_below(mount, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	struct cgroup2_mount mount = { 0 };
	cleanup_free char *path = NULL;
	size_t rest;
	FILE *file;
	int result;

	if (!end || end + 1 == data + size)
		return 0;
	rest = (size_t)(data + size - end - 1);
	path = strndup((const char *)data, (size_t)(end - data));
	file = fmemopen((void *)(end + 1), rest, "r");
	require(path && file, "out of memory", "");
	result = mountinfo_read_cgroup2(file, *path ? path : NULL, &mount);
	fclose(file);
	require(result == 0 || result == -ENOENT, "another failure", path);
	if (result == 0)
		check_mount(&mount, path);
	else
		require(!mount.root && !mount.point, "none was found and received", path);
	cgroup2_mount_release(&mount);
	return 0;
}
