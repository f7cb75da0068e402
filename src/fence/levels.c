// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/levels.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/id.h"

#include <fcntl.h>
#include <stdio.h>

/* The cgroup in which crun has the processes of a container, below that of the container. */
#define CONTAINER "container"

static int open_below(int cgroup)
{
	return openat(cgroup, CONTAINER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int find_below(int cgroup, const char *path, struct adopted *found,
		      struct cgfence_error *error)
{
	cleanup_close int fd = open_below(cgroup);
	cleanup_free char *below = NULL;
	uint64_t id;
	int result;

	if (fd < 0)
		return 0;
	result = cgroup_read_id(fd, &id);
	if (result)
		return error_set(error, -result, "cannot read the id of %s/" CONTAINER, path);
	if (asprintf(&below, "%s/" CONTAINER, path) < 0) {
		below = NULL;
		return error_out_of_memory(error);
	}
	return adopted_find(fd, id, below, found, error);
}

int levels_find(int cgroup, uint64_t id, const char *path, struct adopted *found,
		struct cgfence_error *error)
{
	int result = adopted_find(cgroup, id, path, found, error);

	return result ? result : find_below(cgroup, path, found, error);
}

int levels_find_any(int cgroup, uint64_t id, struct adopted *found)
{
	cleanup_close int below = open_below(cgroup);
	int result = adopted_find_any(cgroup, id, found);

	if (result == 0 && below >= 0)
		result = cgroup_read_id(below, &id);
	return result || below < 0 ? result : adopted_find_any(below, id, found);
}

uint64_t levels_root_id(int cgroup)
{
	cleanup_close int above = openat(cgroup, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t id = 0;

	return above < 0 || cgroup_read_id(above, &id) ? 0 : id;
}
