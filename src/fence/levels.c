// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/levels.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "cgroup/id.h"
#include "runtime/owner.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Where crun mostly has the processes of a container, below the cgroup of that. */
#define CONTAINER "container"

static int open_directory(int cgroup, const char *name)
{
	return openat(cgroup, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool has_children(int cgroup)
{
	struct stat status;

	return fstat(cgroup, &status) == 0 && status.st_nlink > 2;
}

/* Return: the name, to be given to free(); NULL if there is none. */
static char *find_name(uint64_t id)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	return cgroup_open_any_id(id, &cgroup, NULL) ? NULL
						     : owner_subgroup(cgfence_cgroup_path(cgroup));
}

/*
 * States of runtimes are read only where there is a cgroup that could be meant, for each adopted one is asked about again
 * and again.
 *
 * @name: receives what it is called, to be given to free()
 *
 * Return: a descriptor, -1 if there is none.
 */
static int open_below(int cgroup, uint64_t id, char **name)
{
	int below = open_directory(cgroup, CONTAINER);

	*name = below >= 0 ? strdup(CONTAINER) : has_children(cgroup) ? find_name(id) : NULL;
	return below < 0 && *name ? open_directory(cgroup, *name) : below;
}

static int find_below(int cgroup, uint64_t id, const char *path, struct adopted *found,
		      struct cgfence_error *error)
{
	cleanup_free char *name = NULL;
	cleanup_close int fd = open_below(cgroup, id, &name);
	cleanup_free char *below = NULL;
	int result;

	if (fd < 0)
		return 0;
	if (!name)
		return error_out_of_memory(error);
	result = cgroup_read_id(fd, &id);
	if (result)
		return error_set(error, -result, "cannot read the id of %s/%s", path, name);
	if (asprintf(&below, "%s/%s", path, name) < 0) {
		below = NULL;
		return error_out_of_memory(error);
	}
	return adopted_find(fd, id, below, found, error);
}

int levels_find(int cgroup, uint64_t id, const char *path, struct adopted *found,
		struct cgfence_error *error)
{
	int result = adopted_find(cgroup, id, path, found, error);

	return result ? result : find_below(cgroup, id, path, found, error);
}

int levels_find_any(int cgroup, uint64_t id, struct adopted *found)
{
	cleanup_free char *name = NULL;
	cleanup_close int below = open_below(cgroup, id, &name);
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
