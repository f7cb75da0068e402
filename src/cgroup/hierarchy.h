/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds cgroups by id. Keep it open for many: finding the mounts takes longer than finding a cgroup. */
#pragma once

#include "cgroup/mountinfo.h"

#include <sys/types.h>

struct hierarchy {
	int fd;	      /* of a mount point, -1 if it is not open; any one leads to all cgroups */
	dev_t device; /* of the file system */
	size_t first; /* the mount of that point */
	struct cgroup2_mounts mounts;
};

/** hierarchy_open() - open the cgroup2 mounts; to be given to hierarchy_close(). */
int hierarchy_open(struct hierarchy *hierarchy, struct cgfence_error *error);

/** hierarchy_close() - close them. */
void hierarchy_close(struct hierarchy *hierarchy);

/** hierarchy_digest() - a number that changes with the cgroup2 mounts. */
uint64_t hierarchy_digest(const struct hierarchy *hierarchy);

/** hierarchy_open_directory() - open the directory of a cgroup. Return: a descriptor, -ENOENT if it is gone, another -errno. */
int hierarchy_open_directory(const struct hierarchy *hierarchy, uint64_t id);

/** hierarchy_open_cgroup() - cgfence_cgroup_open_id(). */
int hierarchy_open_cgroup(const struct hierarchy *hierarchy, uint64_t id,
			  struct cgfence_cgroup **cgroup, struct cgfence_error *error);

/** hierarchy_open_any() - the same also of one that no mount shows, whose path is then "id:N". */
int hierarchy_open_any(const struct hierarchy *hierarchy, uint64_t id,
		       struct cgfence_cgroup **cgroup, struct cgfence_error *error);

/** hierarchy_has() - is there a cgroup with this id? If in doubt, yes. */
bool hierarchy_has(const struct hierarchy *hierarchy, uint64_t id);

/** cgroup_open_any_id() - hierarchy_open_any() for one. */
int cgroup_open_any_id(uint64_t id, struct cgfence_cgroup **cgroup, struct cgfence_error *error);

#define HIERARCHY_CLOSED  \
	{                 \
		.fd = -1, \
	}
#define cleanup_hierarchy __attribute__((cleanup(hierarchy_close)))
