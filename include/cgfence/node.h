/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a container or service that runs needs besides the rule of its fence: a device node, and systemd's agreement. */
#pragma once

#include <cgfence/cgfence.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the device node ---- */

struct cgfence_node;

/**
 * cgfence_node_parse() - the device node that goes with an edit.
 * @entry: the entry of the edit, of one device: "c 10:229 rw" or "/dev/fuse rw"
 * @path: where the node is, as the container sees it; NULL for the path of the entry, or of the host's node with its numbers
 * @node: receives it, with owner and mode of the host's node; to be given to cgfence_node_free()
 *
 * Without a node of the host it belongs to root alone.
 *
 * Return: 0, -EINVAL if @entry is not of one device or @path cannot be that of a node, -ENOENT if @path is NULL and there
 * is none to be found, -ENOMEM.
 */
CGFENCE_API int cgfence_node_parse(const char *entry, const char *path, struct cgfence_node **node,
				   struct cgfence_error *error);

/** cgfence_node_free() - free a node; NULL is fine. */
CGFENCE_API void cgfence_node_free(struct cgfence_node *node);

/** cgfence_node_path() - where it is, as the container sees it; it lives as long as the node. */
CGFENCE_API const char *cgfence_node_path(const struct cgfence_node *node);

enum cgfence_node_outcome {
	CGFENCE_NODE_UNCHANGED,
	CGFENCE_NODE_MADE,  /* mknod(2) */
	CGFENCE_NODE_BOUND, /* the node of the host is mounted there */
	CGFENCE_NODE_REMOVED,
};

/**
 * cgfence_fence_edit_node() - cgfence_fence_edit() of one device, together with its node in the container.
 * @node: made if the edit allows, removed if it revokes
 * @changed: receives whether the policy changed
 * @outcome: receives what became of the node
 *
 * The container is that of the process in the cgroup that its runtime names as the first, else of the oldest. Where the
 * file system would not let the node open, as below a user namespace, the node of the host is mounted on a file. Nothing
 * but a node of this very device is ever removed or taken for the one that is asked for, and nothing is replaced. No path
 * leads out of the container, and none over a symbolic link.
 *
 * Return: 0, what cgfence_fence_edit() returns, -ESRCH if the cgroup has no process, -ENOTUNIQ if several containers have
 * it, -EEXIST if something else is there,
 * -EBUSY if the place is the host's own, another -errno. Both have changed, or neither.
 */
CGFENCE_API int cgfence_fence_edit_node(const struct cgfence_cgroup *cgroup,
					const struct cgfence_edit *edit,
					const struct cgfence_node *node, bool *changed,
					enum cgfence_node_outcome *outcome,
					struct cgfence_error *error);

/* ---- systemd ---- */

/* A unit is called no longer than this (unit-name.h). */
#define CGFENCE_UNIT_NAME_SIZE 257

/** struct cgfence_unit_answer - what came of telling systemd. */
struct cgfence_unit_answer {
	char unit
		[CGFENCE_UNIT_NAME_SIZE]; /* empty if systemd has no rules of devices for the cgroup */
	bool changed;			  /* its DeviceAllow= is another now */
	char rest
		[256]; /* what it still allows in spite of a revocation, or cannot be told; empty if nothing */
};

/**
 * cgfence_unit_tell() - tell systemd of an edit that an adopted fence got, so that its next program agrees.
 * @cgroup: that of a unit of the system, or the cgroup `container` below it
 * @edit: of devices
 * @answer: receives what came of it
 *
 * DeviceAllow= of the unit changes until the next boot. A unit without any rules of devices stays so, since the first one
 * would refuse all other devices. systemd attaches its program anew then; cgfence_fence_adopt() takes its place again.
 *
 * Return: 0, -ENOSYS if libsystemd is not installed, -EHOSTDOWN if systemd cannot be asked, another -errno.
 */
CGFENCE_API int cgfence_unit_tell(const struct cgfence_cgroup *cgroup,
				  const struct cgfence_edit *edit,
				  struct cgfence_unit_answer *answer, struct cgfence_error *error);

#ifdef __cplusplus
}
#endif
