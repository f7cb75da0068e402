// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/bpffs.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/mount_life.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

bool bpffs_is_mounted(void)
{
	struct statfs status;

	return statfs(BPFFS_POINT, &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

int bpffs_check_mount(struct cgfence_error *error)
{
	enum mount_life life = bpffs_is_mounted() ? MOUNT_LASTS : mount_life_at(BPFFS_POINT);

	if (life == MOUNT_LASTS)
		return 0;
	return error_set(
		error, EPERM,
		"no bpffs is mounted on " BPFFS_POINT ", and one that is mounted now %s, and every "
		"fence in it would too; run this in the mount namespace of PID 1 (nsenter -t 1 -m), "
		"mount the bpffs of the host there, or give attach, apply or watch the option --private",
		life == MOUNT_ENDS
			? "would end with this mount namespace, which is not that of PID 1"
			: "may end with this mount namespace, since /proc/1/mountinfo cannot be read");
}

int bpffs_mount(bool may_end, struct cgfence_error *error)
{
	int result = may_end ? 0 : bpffs_check_mount(error);

	if (result || bpffs_is_mounted())
		return result;
	/* The options with which systemd mounts it. */
	if (mount("bpf", BPFFS_POINT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return error_set(
			error, errno,
			"no bpffs is mounted on " BPFFS_POINT
			" and mounting it fails: %s; try 'mount -t bpf -o mode=0700 bpf " BPFFS_POINT
			"'",
			strerror(errno));
	return 0;
}

static int refuse(const char *path, const struct stat *status, struct cgfence_error *error)
{
	return error_set(
		error, EPERM,
		"%s is not root's alone: it is %s of user %u with mode %04o, so others could take fences "
		"away or hold commands up; see what made it, remove it or make it root's with mode 0700, and "
		"close the bpffs to others with 'chmod 0700 " BPFFS_POINT "'",
		path, S_ISDIR(status->st_mode) ? "a directory" : "no directory but a file",
		(unsigned int)status->st_uid, (unsigned int)status->st_mode & ALLPERMS);
}

int bpffs_check_owner(struct cgfence_error *error)
{
	struct stat status;

	if (stat(BPFFS_POINT, &status) < 0)
		return error_set(error, errno, "cannot look at " BPFFS_POINT ": %s",
				 strerror(errno));
	/* With the sticky bit only the owner of a directory can rename it. */
	if (status.st_uid != 0 || (status.st_mode & OTHERS_WRITE && !(status.st_mode & S_ISVTX)))
		return refuse(BPFFS_POINT, &status, error);
	return 0;
}

int bpffs_check_directory(const char *path, struct cgfence_error *error)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0
				       : error_set(error, errno, "cannot look at %s: %s", path,
						   strerror(errno));
	if (!S_ISDIR(status.st_mode) || status.st_uid != 0 || status.st_mode & OTHERS_WRITE)
		return refuse(path, &status, error);
	return 0;
}

int bpffs_check_lockable(int fd, const char *path, struct cgfence_error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_set(error, errno, "cannot look at %s: %s", path, strerror(errno));
	if (status.st_uid != 0 || status.st_mode & (S_IRWXG | S_IRWXO))
		return refuse(path, &status, error);
	return 0;
}

int cgfence_bpffs_mount(unsigned int flags, struct cgfence_error *error)
{
	return bpffs_mount(flags & CGFENCE_BPFFS_PRIVATE, error);
}

int cgfence_bpffs_check(struct cgfence_error *error)
{
	return bpffs_check_mount(error);
}

bool cgfence_bpffs_is_private(void)
{
	struct stat status;

	return bpffs_is_mounted() && stat(BPFFS_POINT, &status) == 0 &&
	       mount_life_of(status.st_dev) == MOUNT_ENDS;
}
