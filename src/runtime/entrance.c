// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/entrance.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

void entrance_close(struct entrance *entrance)
{
	cleanup_close_descriptor(&entrance->process);
	cleanup_close_descriptor(&entrance->root);
	cleanup_close_descriptor(&entrance->mounts);
	*entrance = (struct entrance)ENTRANCE_NONE;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int is_same_file(int fd, const char *path, bool *same)
{
	struct stat theirs;
	struct stat ours;

	if (fstat(fd, &theirs) < 0 || stat(path, &ours) < 0)
		return -errno;
	*same = is_same(&theirs, &ours);
	return 0;
}

static int find_owner(struct entrance *entrance)
{
	cleanup_close int owner = ioctl(entrance->mounts, NS_GET_USERNS);
	bool same = false;
	int result;

	if (owner < 0)
		return -errno;
	result = is_same_file(owner, "/proc/self/ns/user", &same);
	if (result == 0)
		entrance->of_user_namespace = !same;
	return result;
}

static int compare(struct entrance *entrance)
{
	bool same_mounts = false;
	bool same_root = false;
	int result = is_same_file(entrance->mounts, "/proc/self/ns/mnt", &same_mounts);

	if (result == 0)
		result = is_same_file(entrance->root, "/", &same_root);
	if (result == 0)
		entrance->is_ours = same_mounts && same_root;
	return result;
}

static int open_all(pid_t pid, struct entrance *entrance)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	entrance->process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (entrance->process < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	entrance->root = openat(entrance->process, "root", O_PATH | O_CLOEXEC);
	if (entrance->root >= 0)
		entrance->mounts = openat(entrance->process, "ns/mnt", O_RDONLY | O_CLOEXEC);
	/* A process that has ended has neither. */
	if (entrance->mounts < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return 0;
}

int entrance_open(pid_t pid, struct entrance *entrance, struct cgfence_error *error)
{
	int result = open_all(pid, entrance);

	if (result == 0)
		result = find_owner(entrance);
	if (result == 0)
		result = compare(entrance);
	if (result)
		return error_set(error, -result,
				 "cannot open the mount namespace of process %d: %s%s", pid,
				 strerror(-result),
				 result == -EACCES || result == -EPERM
					 ? "; this needs CAP_SYS_PTRACE and CAP_SYS_ADMIN"
					 : "");
	return 0;
}

bool entrance_is_open(const struct entrance *entrance)
{
	cleanup_close int root = openat(entrance->process, "root", O_PATH | O_CLOEXEC);

	return root >= 0;
}
