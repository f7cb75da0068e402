// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finding cgroups: by path, and by the process in them. */
#include "cgroup/cgroup.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/id.h"
#include "cgroup/mountinfo.h"
#include "cgroup/type.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

struct cgfence_cgroup {
	int fd;
	uint64_t id;
	char *path;	 /* relative to the cgroup2 root, with a leading slash */
	char *directory; /* absolute */
};

void cgfence_cgroup_close(struct cgfence_cgroup *cgroup)
{
	if (!cgroup)
		return;
	if (cgroup->fd >= 0)
		close(cgroup->fd);
	free(cgroup->path);
	free(cgroup->directory);
	free(cgroup);
}

const char *cgfence_cgroup_path(const struct cgfence_cgroup *cgroup)
{
	return cgroup->path;
}

int cgroup_path_length(const struct cgfence_cgroup *cgroup, unsigned int above)
{
	size_t length = strlen(cgroup->path);

	for (; above && length > 1; above--) {
		while (length > 1 && cgroup->path[length - 1] != '/')
			length--;
		/* Cuts the slash too, except that of the root. */
		if (length > 1)
			length--;
	}
	return (int)length;
}

uint64_t cgfence_cgroup_id(const struct cgfence_cgroup *cgroup)
{
	return cgroup->id;
}

int cgfence_cgroup_fd(const struct cgfence_cgroup *cgroup)
{
	return cgroup->fd;
}

const char *cgroup_directory(const struct cgfence_cgroup *cgroup)
{
	return cgroup->directory;
}

/* Only the root has no cgroup.type (Documentation/admin-guide/cgroup-v2.rst). */
bool cgfence_cgroup_is_root(const struct cgfence_cgroup *cgroup)
{
	return faccessat(cgroup->fd, "cgroup.type", F_OK, 0) < 0 && !cgroup_is_removed(cgroup->fd);
}

/* The path of a cgroup in the hierarchy, of which the mount may show only a part. */
static char *hierarchy_path(const struct cgroup2_mount *mount, const char *directory)
{
	const char *below = path_below(directory, mount->point);
	const char *root = strcmp(mount->root, "/") == 0 ? "" : mount->root;
	char *path = NULL;

	if (!below || asprintf(&path, "%s%s", root, below) < 0)
		return NULL;
	if (!*path) {
		free(path);
		path = strdup("/");
	}
	return path;
}

int cgroup_wrap(int fd, const char *directory, const struct cgroup2_mount *mount,
		struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	struct cgfence_cgroup *made = calloc(1, sizeof(*made));
	int result;

	if (!made) {
		close(fd);
		return error_out_of_memory(error);
	}
	if (!path_below(directory, mount->point)) {
		close(fd);
		free(made);
		return error_set(error, EXDEV, "no cgroup2 mount here shows the cgroup %s",
				 directory);
	}
	made->fd = fd;
	made->directory = strdup(directory);
	made->path = hierarchy_path(mount, directory);
	if (!made->directory || !made->path) {
		cgfence_cgroup_close(made);
		return error_out_of_memory(error);
	}
	result = cgroup_read_id(fd, &made->id);
	if (result) {
		cgfence_cgroup_close(made);
		return error_set(error, -result, "%s has no cgroup id: %s", directory,
				 strerror(-result));
	}
	*cgroup = made;
	return 0;
}

static int open_directory(const char *directory, struct cgfence_cgroup **cgroup,
			  struct cgfence_error *error)
{
	cleanup_mount struct cgroup2_mount mount = { 0 };
	char canonical[PATH_MAX];
	int result;
	int fd;

	if (!realpath(directory, canonical))
		return error_set(error, errno, "there is no such cgroup: %s: %s", directory,
				 strerror(errno));
	result = mountinfo_find_cgroup2(canonical, &mount, error);
	if (result == -ENOENT)
		return error_set(
			error, ENOENT,
			"%s is no cgroup: give an absolute path under a cgroup2 mount, a path relative to the cgroup2 root, pid:N or pid:self",
			directory);
	if (result)
		return result;
	fd = open(canonical, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, errno, "cannot open the cgroup %s: %s", canonical,
				 strerror(errno));
	return cgroup_wrap(fd, canonical, &mount, cgroup, error);
}

static bool in_cgroup2_mount(const char *path)
{
	cleanup_mount struct cgroup2_mount mount = { 0 };
	char canonical[PATH_MAX];

	return mountinfo_find_cgroup2(realpath(path, canonical) ? canonical : path, &mount, NULL) ==
	       0;
}

/* Is the path, or as much of it as exists, in a hierarchy of cgroup v1? */
static bool in_cgroup1_mount(const char *path)
{
	char existing[PATH_MAX];
	struct statfs status;

	snprintf(existing, sizeof(existing), "%s", path);
	while (statfs(existing, &status) < 0) {
		char *slash = strrchr(existing, '/');

		if (errno != ENOENT || !slash || slash == existing)
			return false;
		*slash = '\0';
	}
	return status.f_type == CGROUP_SUPER_MAGIC;
}

static int refuse_cgroup1(const char *name, struct cgfence_error *error)
{
	cleanup_mount struct cgroup2_mount mount = { 0 };
	int result = mountinfo_find_cgroup2(NULL, &mount, error);

	if (result)
		return result;
	return error_set(
		error, ENOENT,
		"%s is in a hierarchy of cgroup v1, which cannot be fenced; cgroup2 is mounted at %s",
		name, mount.point);
}

/* @name is relative to the cgroup2 root, as status prints it. */
static int open_relative(const char *name, struct cgfence_cgroup **cgroup,
			 struct cgfence_error *error)
{
	cleanup_mount struct cgroup2_mount mount = { 0 };
	cleanup_free char *directory = NULL;
	const char *below = NULL;
	int result;

	result = mountinfo_find_cgroup2(NULL, &mount, error);
	if (result)
		return result;
	result = cgroup2_mount_below(&mount, name, &below, error);
	if (result)
		return result;
	if (asprintf(&directory, "%s/%s", mount.point, below) < 0)
		return error_out_of_memory(error);
	return open_directory(directory, cgroup, error);
}

/* The line "0::/path" of /proc/PID/cgroup (cgroups(7)). */
static int open_of_process(const char *pid, struct cgfence_cgroup **cgroup,
			   struct cgfence_error *error)
{
	cleanup_free char *file_name = NULL;
	cleanup_free char *line = NULL;
	cleanup_free char *path = NULL;
	size_t size = 0;
	ssize_t length;
	FILE *file;

	if (strcmp(pid, "self") != 0 && (!*pid || strspn(pid, "0123456789") != strlen(pid)))
		return error_set_invalid(
			error,
			"'pid:%s' names no process; write pid: and a number, such as pid:1, or pid:self",
			pid);
	if (asprintf(&file_name, "/proc/%s/cgroup", pid) < 0)
		return error_out_of_memory(error);
	file = fopen(file_name, "re");
	if (!file)
		return error_set(error, errno, "there is no process %s: cannot read %s: %s", pid,
				 file_name, strerror(errno));
	while (!path && (length = getline(&line, &size, file)) >= 0) {
		if (length && line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			path = strdup(line + 3);
	}
	fclose(file);
	if (!path)
		return error_set(error, ENOENT, "the process %s is in no cgroup2 hierarchy", pid);
	return open_relative(path, cgroup, error);
}

int cgfence_cgroup_open(const char *name, struct cgfence_cgroup **cgroup,
			struct cgfence_error *error)
{
	if (!*name)
		return error_set_invalid(error,
					 "the cgroup is empty; give a path, or / for the root");
	if (strncmp(name, "pid:", 4) == 0)
		return open_of_process(name + 4, cgroup, error);
	if (name[0] == '/' && in_cgroup2_mount(name))
		return open_directory(name, cgroup, error);
	if (name[0] == '/' && in_cgroup1_mount(name))
		return refuse_cgroup1(name, error);
	return open_relative(name, cgroup, error);
}

int cgfence_cgroup_open_parent(const struct cgfence_cgroup *cgroup, struct cgfence_cgroup **parent,
			       struct cgfence_error *error)
{
	cleanup_free char *directory = NULL;

	if (cgfence_cgroup_is_root(cgroup))
		return error_set(error, ENOENT, "there is no cgroup above the root");
	if (asprintf(&directory, "%s/..", cgroup->directory) < 0)
		return error_out_of_memory(error);
	return open_directory(directory, parent, error);
}

int cgfence_cgroup_create(const struct cgfence_cgroup *parent, const char *name,
			  struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	struct cgfence_cgroup *made = NULL;
	cleanup_free char *directory = NULL;
	int result;

	if (!*name || strchr(name, '/'))
		return error_set_invalid(
			error, "'%s' cannot name a cgroup; give a name without a slash", name);
	if (asprintf(&directory, "%s/%s", parent->directory, name) < 0)
		return error_out_of_memory(error);
	if (mkdir(directory, 0755) < 0)
		return error_set(error, errno, "cannot make the cgroup %s: %s", directory,
				 strerror(errno));
	result = open_directory(directory, &made, error);
	if (made)
		result = cgroup_type_admit(made->fd, error);
	if (result) {
		error_wrap(error, "cannot make the cgroup %s", directory);
		cgfence_cgroup_close(made);
		rmdir(directory);
		return result;
	}
	*cgroup = made;
	return 0;
}
