// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/id.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

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

bool cgroup_is_directory(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

/* A removed cgroup has no file at all (kernfs_drain, fs/kernfs/dir.c). */
bool cgroup_is_removed(int fd)
{
	return faccessat(fd, "cgroup.procs", F_OK, 0) < 0;
}

int cgroup_open_by_id(int mount, uint64_t id, int flags)
{
	cleanup_close int fd = -1;
	struct id_handle handle = {
		.head = { .handle_bytes = sizeof(handle.id), .handle_type = HANDLE_TYPE_KERNFS },
	};

	memcpy(handle.head.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(mount, &handle.head, flags | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ESTALE ? -ENOENT : -errno;
	/* Before 5.11 the handle of a removed cgroup that some process has open still leads to it. */
	return cgroup_is_removed(fd) ? -ENOENT : cleanup_steal_descriptor(&fd);
}
