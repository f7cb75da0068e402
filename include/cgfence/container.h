/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a container runtime tells its hooks (runtime.md of the OCI runtime specification, State). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <cgfence/adopt.h>
#include <cgfence/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** struct cgfence_container - a container whose program does not run yet. */
struct cgfence_container {
	char *id;
	char *bundle; /* the directory of its config.json */
	pid_t pid;    /* of its first process */
	/* Its annotations; NULL for those that it has not. */
	char *policy;	/* io.cgfence.policy */
	char *tcp;	/* io.cgfence.tcp */
	char *udp;	/* io.cgfence.udp */
	char *subgroup; /* run.oci.systemd.subgroup, of crun */
};

/**
 * cgfence_container_read() - read the state that a runtime gives to a hook of createRuntime or prestart.
 * @fd: read to its end
 * @container: receives it, to be given to cgfence_container_free()
 *
 * Return: 0, -EINVAL if it is no such state, has an annotation io.cgfence.* that is unknown, or is that of a container
 * whose program runs already; another -errno if it cannot be read.
 */
CGFENCE_API int cgfence_container_read(int fd, struct cgfence_container *container,
				       struct cgfence_error *error);

/** cgfence_container_free() - free what it points to. */
CGFENCE_API void cgfence_container_free(struct cgfence_container *container);

/**
 * cgfence_container_is_below() - did the runtime make this cgroup below the one of the container's unit?
 * @cgroup: the path of the cgroup of the container's first process
 *
 * crun does so with systemd's cgroups: the unit is the container's, and the cgroup below is called `container`, or as
 * the annotation run.oci.systemd.subgroup says.
 */
CGFENCE_API bool cgfence_container_is_below(const struct cgfence_container *container,
					    const char *cgroup);

/**
 * cgfence_container_read_rules() - read the devices that the runtime was told to give the container.
 * @rules: receives config.json of the bundle and the dialect of the runtime, which is the process that waits for this
 *	one; to be given to cgfence_rules_free()
 *
 * Return: 0 or -errno.
 */
CGFENCE_API int cgfence_container_read_rules(const struct cgfence_container *container,
					     struct cgfence_rules *rules,
					     struct cgfence_error *error);

#ifdef __cplusplus
}
#endif
