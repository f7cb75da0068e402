// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/hierarchy.h"
#include "cgroup/cgroup.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* How kernfs encodes a node id in a file handle (FILEID_KERNFS, include/linux/exportfs.h). */
#define HANDLE_TYPE_KERNFS 0xfe

struct id_handle {
	struct file_handle head;
	uint64_t id;
};

int cgroup_read_id(int fd, uint64_t *id)
{
	struct id_handle handle = { .head.handle_bytes = sizeof(handle.id) };
	int mount_id;

	if (name_to_handle_at(fd, "", &handle.head, &mount_id, AT_EMPTY_PATH) < 0)
		return -errno;
	memcpy(id, handle.head.f_handle, sizeof(*id));
	return 0;
}

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

static int open_handle(const struct hierarchy *hierarchy, uint64_t id, int flags)
{
	struct id_handle handle = {
		.head = { .handle_bytes = sizeof(handle.id), .handle_type = HANDLE_TYPE_KERNFS },
	};

	memcpy(handle.head.f_handle, &id, sizeof(id));
	return open_by_handle_at(hierarchy->fd, &handle.head, flags | O_DIRECTORY | O_CLOEXEC);
}

int hierarchy_open_directory(const struct hierarchy *hierarchy, uint64_t id)
{
	return open_handle(hierarchy, id, O_RDONLY);
}

bool hierarchy_has(const struct hierarchy *hierarchy, uint64_t id)
{
	cleanup_close int fd = open_handle(hierarchy, id, O_PATH);

	if (fd < 0)
		return errno != ESTALE && errno != ENOENT;
	/* Before 5.11 the handle of a removed cgroup that somebody has open still leads to it, but it is empty. */
	return faccessat(fd, "cgroup.procs", F_OK, 0) == 0;
}

int hierarchy_open_cgroup(const struct hierarchy *hierarchy, uint64_t id,
			  struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_close int fd = hierarchy_open_directory(hierarchy, id);
	char directory[PATH_MAX];
	char link[32];
	ssize_t length;

	/* Before 5.11 the handle of a removed cgroup that somebody has open still leads to it, but it is empty. */
	if ((fd < 0 && (errno == ESTALE || errno == ENOENT)) ||
	    (fd >= 0 && faccessat(fd, "cgroup.procs", F_OK, 0) < 0))
		return error_set(error, ENOENT, "the cgroup with id %llu is gone",
				 (unsigned long long)id);
	if (fd < 0)
		return error_set(error, errno, "cannot open the cgroup with id %llu: %s",
				 (unsigned long long)id,
				 errno == EPERM ? "this needs CAP_DAC_READ_SEARCH"
						: strerror(errno));
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
