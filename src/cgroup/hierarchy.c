// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/hierarchy.h"
#include "cgroup/cgroup.h"
#include "cgroup/id.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

int hierarchy_open(struct hierarchy *hierarchy, struct cgfence_error *error)
{
	struct hierarchy opened = HIERARCHY_CLOSED;
	int result = mountinfo_find_cgroup2(NULL, &opened.mount, error);

	if (result)
		return result;
	opened.fd = open(opened.mount.point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (opened.fd < 0) {
		result = error_set(error, errno, "cannot open %s: %s", opened.mount.point,
				   strerror(errno));
		cgroup2_mount_release(&opened.mount);
		return result;
	}
	*hierarchy = opened;
	return 0;
}

void hierarchy_close(struct hierarchy *hierarchy)
{
	cleanup_close_descriptor(&hierarchy->fd);
	cgroup2_mount_release(&hierarchy->mount);
	hierarchy->fd = -1;
}

int hierarchy_open_directory(const struct hierarchy *hierarchy, uint64_t id)
{
	return cgroup_open_by_id(hierarchy->fd, id, O_RDONLY);
}

bool hierarchy_has(const struct hierarchy *hierarchy, uint64_t id)
{
	int fd = cgroup_open_by_id(hierarchy->fd, id, O_PATH);

	if (fd >= 0)
		close(fd);
	return fd != -ENOENT;
}

int hierarchy_open_cgroup(const struct hierarchy *hierarchy, uint64_t id,
			  struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_close int fd = hierarchy_open_directory(hierarchy, id);
	char directory[PATH_MAX];
	char link[32];
	ssize_t length;

	if (fd == -ENOENT)
		return error_set(error, ENOENT, "the cgroup with id %llu is gone",
				 (unsigned long long)id);
	if (fd < 0)
		return error_set(error, -fd, "cannot open the cgroup with id %llu: %s",
				 (unsigned long long)id,
				 fd == -EPERM ? "this needs CAP_DAC_READ_SEARCH" : strerror(-fd));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, directory, sizeof(directory) - 1);
	if (length < 0)
		return error_set(error, errno, "cannot read %s: is /proc mounted?", link);
	directory[length] = '\0';
	return cgroup_wrap(cleanup_steal_descriptor(&fd), directory, &hierarchy->mount, cgroup,
			   error);
}

int cgfence_cgroup_open_id(uint64_t id, struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	int result = hierarchy_open(&hierarchy, error);

	return result ? result : hierarchy_open_cgroup(&hierarchy, id, cgroup, error);
}
