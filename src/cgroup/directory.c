// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/directory.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "cgroup/id.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/*
 * A cgroup in a mount that does not tell where it is in what other mounts show. Its path is that of another mount, if
 * one shows it, else @directory, which is taken back too.
 */
static int wrap_elsewhere(int fd, const char *directory, struct cgfence_cgroup **cgroup,
			  struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *shown = NULL;
	struct statvfs status;
	uint64_t id;

	if (cgroup_read_id(fd, &id) || cgfence_cgroup_open_id(id, &shown, NULL))
		return cgroup_wrap(fd, directory, directory, cgroup, error);
	/* The one through which cgroups can be made. */
	if (fstatvfs(cgfence_cgroup_fd(shown), &status) < 0 || status.f_flag & ST_RDONLY)
		return cgroup_wrap(fd, directory, cgfence_cgroup_path(shown), cgroup, error);
	close(fd);
	*cgroup = cleanup_steal(shown);
	return 0;
}

/* @fd is taken over. */
static int wrap(int fd, const char *directory, const struct cgroup2_mount *mount,
		struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_free char *path = NULL;

	if (!mount->root)
		return wrap_elsewhere(fd, directory, cgroup, error);
	path = cgroup2_mount_path(mount, directory);
	if (!path) {
		close(fd);
		return error_out_of_memory(error);
	}
	return cgroup_wrap(fd, directory, path, cgroup, error);
}

static int refuse_other_directory(const char *directory, struct cgfence_error *error)
{
	return error_set(
		error, ENOENT,
		"%s is no cgroup: give an absolute path under a cgroup2 mount, a path relative to the cgroup2 root, pid:N or pid:self",
		directory);
}

/* @directory, of which @canonical is the true path, is in @mount. */
static int open_in(const struct cgroup2_mount *mount, const char *directory, const char *canonical,
		   struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_close int fd = -1;

	fd = open(canonical, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, errno, "cannot open the cgroup %s: %s", canonical,
				 strerror(errno));
	if (!cgroup_is_directory(fd))
		return refuse_other_directory(directory, error);
	return wrap(cleanup_steal_descriptor(&fd), canonical, mount, cgroup, error);
}

/* Return: 0, -EXDEV without a message if it is in none of @mounts, another -errno. */
static int open_shown(const struct cgroup2_mounts *mounts, const char *directory,
		      struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	char canonical[PATH_MAX];
	int missing = realpath(directory, canonical) ? 0 : errno;
	const struct cgroup2_mount *mount =
		mountinfo_containing(mounts, missing ? directory : canonical);

	if (mount && !missing)
		return open_in(mount, directory, canonical, cgroup, error);
	return mount ? error_set(error, missing, "there is no such cgroup: %s: %s", directory,
				 strerror(missing))
		     : -EXDEV;
}

int cgroup_open_absolute(const char *directory, struct cgfence_cgroup **cgroup,
			 struct cgfence_error *error)
{
	cleanup_mounts struct cgroup2_mounts mounts = { 0 };
	int result = mountinfo_read(&mounts, error);

	if (result && result != -ENOENT)
		return result;
	return open_shown(&mounts, directory, cgroup, error);
}

int cgroup_open_directory(const char *directory, struct cgfence_cgroup **cgroup,
			  struct cgfence_error *error)
{
	int result = cgroup_open_absolute(directory, cgroup, error);

	return result == -EXDEV ? refuse_other_directory(directory, error) : result;
}

int cgroup_open_below(const struct cgroup2_mounts *mounts, const struct cgroup2_mount *mount,
		      const char *below, struct cgfence_cgroup **cgroup,
		      struct cgfence_error *error)
{
	cleanup_free char *directory = NULL;
	int result;

	if (asprintf(&directory, "%s/%s", mount->point, below) < 0) {
		directory = NULL;
		return error_out_of_memory(error);
	}
	result = open_shown(mounts, directory, cgroup, error);
	return result == -EXDEV ? refuse_other_directory(directory, error) : result;
}
