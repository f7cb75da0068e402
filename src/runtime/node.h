/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A device node in the mount namespace of a process. */
#pragma once

#include "runtime/entrance.h"
#include "runtime/node_work.h"

#include <cgfence/error.h>

struct node {
	dev_t device;
	mode_t mode; /* with the type */
	uid_t user;
	gid_t group;
	char *path;   /* where it is, as the process sees it: absolute, without ".." */
	char *source; /* the node of the host; NULL if there is none */
};

/* What node_make() or node_remove() did, and so what has to be undone. */
struct node_change {
	enum node_effect effect;
	unsigned int directories; /* it made these too */
	/* Of a node that was removed, with its type; 0 for the mount of a node. */
	mode_t mode;
	uid_t user;
	gid_t group;
};

/**
 * node_path_check() - can it be the path of a node?
 *
 * Return: 0, or -EINVAL.
 */
int node_path_check(const char *path, struct cgfence_error *error);

/**
 * node_make() - make a device node where there is none.
 * @change: receives what was done
 *
 * Where nodes do not open, that of the host is mounted on an empty file.
 *
 * Return: 0, also if the node is there; -EEXIST if something else is; -EBUSY if the place is the host's own; another -errno.
 */
int node_make(const struct node *node, const struct entrance *entrance, struct node_change *change,
	      struct cgfence_error *error);

/**
 * node_remove() - remove a device node, or what is mounted in its place.
 * @directories: how many of the directories that it is in go with it, if they are empty
 * @change: receives what was done
 *
 * Return: 0, also if there is none; -EEXIST if something else is there; -EBUSY if the place is the host's own; another -errno.
 */
int node_remove(const struct node *node, const struct entrance *entrance, unsigned int directories,
		struct node_change *change, struct cgfence_error *error);
