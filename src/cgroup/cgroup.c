// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/cgroup.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/id.h"

#include <fcntl.h>
#include <string.h>

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

uint32_t cgroup_level(const struct cgfence_cgroup *cgroup)
{
	uint32_t level = 0;

	for (const char *character = cgroup->path; *character; character++)
		level += *character == '/' && character[1];
	return level;
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

int cgroup_wrap(int fd, const char *directory, const char *path, struct cgfence_cgroup **cgroup,
		struct cgfence_error *error)
{
	struct cgfence_cgroup *made = calloc(1, sizeof(*made));
	int result;

	if (!made) {
		close(fd);
		return error_out_of_memory(error);
	}
	made->fd = fd;
	made->directory = strdup(directory);
	made->path = strdup(path);
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
