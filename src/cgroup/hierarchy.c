// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/hierarchy.h"
#include "cgroup/cgroup.h"
#include "cgroup/id.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/error.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int open_point(const struct cgroup2_mount *mount)
{
	return open(mount->point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int hierarchy_open(struct hierarchy *hierarchy, struct cgfence_error *error)
{
	struct hierarchy opened = HIERARCHY_CLOSED;
	struct stat status = { 0 };
	int result = mountinfo_read(&opened.mounts, error);
	int code = ENOENT;

	if (result)
		return result;
	for (size_t i = 0; i < opened.mounts.count && opened.fd < 0; i++) {
		opened.first = i;
		opened.fd = open_point(&opened.mounts.items[i]);
		/* Something else may be mounted on top of it. */
		if (opened.fd >= 0 && !cgroup_is_directory(opened.fd)) {
			cleanup_close_descriptor(&opened.fd);
			opened.fd = -1;
			errno = ENOENT;
		}
		if (opened.fd < 0)
			code = errno;
	}
	if (opened.fd < 0) {
		error_set(error, code, "cannot open %s: %s", opened.mounts.items[0].point,
			  strerror(code));
		cgroup2_mounts_release(&opened.mounts);
		return -code;
	}
	fstat(opened.fd, &status);
	opened.device = status.st_dev;
	*hierarchy = opened;
	return 0;
}

static uint64_t add_text(uint64_t digest, const char *text)
{
	return text ? digest_add(digest, text, strlen(text) + 1) : digest_add(digest, "?", 1);
}

uint64_t hierarchy_digest(const struct hierarchy *hierarchy)
{
	uint64_t digest = digest_add(DIGEST_BEGIN, &hierarchy->first, sizeof(hierarchy->first));

	for (size_t i = 0; i < hierarchy->mounts.count; i++) {
		digest = add_text(digest, hierarchy->mounts.items[i].point);
		digest = add_text(digest, hierarchy->mounts.items[i].root);
	}
	return digest;
}

void hierarchy_close(struct hierarchy *hierarchy)
{
	cleanup_close_descriptor(&hierarchy->fd);
	cgroup2_mounts_release(&hierarchy->mounts);
	hierarchy->fd = -1;
}

int hierarchy_open_directory(const struct hierarchy *hierarchy, uint64_t id)
{
	return hierarchy->fd < 0 ? -EBADF : cgroup_open_by_id(hierarchy->fd, id, O_RDONLY);
}

bool hierarchy_has(const struct hierarchy *hierarchy, uint64_t id)
{
	int fd = cgroup_open_by_id(hierarchy->fd, id, O_PATH);

	if (fd >= 0)
		close(fd);
	return fd != -ENOENT;
}

/*
 * The path by which a directory is reached. The kernel gives one, from the root of the hierarchy, also for what is
 * outside of the part that the mount shows.
 */
static bool read_path(int fd, char directory[PATH_MAX])
{
	struct stat by_path;
	struct stat by_fd;
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, directory, PATH_MAX - 1);
	if (length <= 0)
		return false;
	directory[length] = '\0';
	return stat(directory, &by_path) == 0 && fstat(fd, &by_fd) == 0 &&
	       by_path.st_ino == by_fd.st_ino && by_path.st_dev == by_fd.st_dev;
}

/* Takes @fd over if it succeeds. Return: 0, -EXDEV if @mount does not show the cgroup, -ENOMEM. */
static int wrap_in(const struct cgroup2_mount *mount, int *fd, struct cgfence_cgroup **cgroup,
		   struct cgfence_error *error)
{
	cleanup_free char *path = NULL;
	char directory[PATH_MAX];

	if (!mount->root || !read_path(*fd, directory) || !path_below(directory, mount->point))
		return -EXDEV;
	path = cgroup2_mount_path(mount, directory);
	if (!path)
		return error_out_of_memory(error);
	return cgroup_wrap(cleanup_steal_descriptor(fd), directory, path, cgroup, error);
}

/* Each mount that may show the cgroup. */
static int try_mounts(const struct hierarchy *hierarchy, uint64_t id,
		      struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	int result = -EXDEV;

	for (size_t i = 0; i < hierarchy->mounts.count && result == -EXDEV; i++) {
		const struct cgroup2_mount *mount = &hierarchy->mounts.items[i];
		cleanup_close int point = mount->root ? open_point(mount) : -1;
		cleanup_close int fd = -1;

		if (point < 0 || !cgroup_is_directory(point))
			continue;
		fd = cgroup_open_by_id(point, id, O_RDONLY);
		if (fd >= 0)
			result = wrap_in(mount, &fd, cgroup, error);
	}
	return result;
}

static int open_shown(const struct hierarchy *hierarchy, uint64_t id, int *fd,
		      struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	int result;

	*fd = hierarchy_open_directory(hierarchy, id);
	if (*fd == -ENOENT)
		return error_set(error, ENOENT, "the cgroup with id %llu is gone",
				 (unsigned long long)id);
	if (*fd < 0)
		return error_set(error, -*fd, "cannot open the cgroup with id %llu: %s",
				 (unsigned long long)id,
				 *fd == -EPERM ? "this needs CAP_DAC_READ_SEARCH" : strerror(-*fd));
	/* Mostly the mount through which it was opened shows it. */
	result = wrap_in(&hierarchy->mounts.items[hierarchy->first], fd, cgroup, error);
	if (result == -EXDEV)
		result = try_mounts(hierarchy, id, cgroup, error);
	if (result != -EXDEV)
		return result;
	if (cgroup_is_removed(*fd))
		return error_set(error, ENOENT, "the cgroup with id %llu is gone",
				 (unsigned long long)id);
	return error_set(error, EXDEV, "no cgroup2 mount here shows the cgroup with id %llu",
			 (unsigned long long)id);
}

int hierarchy_open_cgroup(const struct hierarchy *hierarchy, uint64_t id,
			  struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_close int fd = -1;

	return open_shown(hierarchy, id, &fd, cgroup, error);
}

int hierarchy_open_any(const struct hierarchy *hierarchy, uint64_t id,
		       struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_close int fd = -1;
	char directory[40];
	char path[32];
	int result = open_shown(hierarchy, id, &fd, cgroup, error);

	if (result != -EXDEV)
		return result;
	snprintf(path, sizeof(path), "id:%llu", (unsigned long long)id);
	snprintf(directory, sizeof(directory), "/proc/self/fd/%d/.", fd);
	return cgroup_wrap(cleanup_steal_descriptor(&fd), directory, path, cgroup, error);
}

int cgfence_cgroup_open_id(uint64_t id, struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	int result = hierarchy_open(&hierarchy, error);

	return result ? result : hierarchy_open_cgroup(&hierarchy, id, cgroup, error);
}

int cgroup_open_any_id(uint64_t id, struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	int result = hierarchy_open(&hierarchy, error);

	return result ? result : hierarchy_open_any(&hierarchy, id, cgroup, error);
}
