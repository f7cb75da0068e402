/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a child process does to a device node. The child and its parent share the memory. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* How far it got. */
enum node_stage {
	NODE_PREPARE,
	NODE_DIRECTORY, /* to open a directory on the way */
	NODE_HOST,	/* the place is the host's own */
	NODE_PRESENT,	/* what is there is not the device */
	NODE_CLOSED,	/* what is there would not open */
	NODE_SOURCE,	/* there is no node of the host to mount */
	NODE_MAKE,
	NODE_FILE, /* to make a file to mount on */
	NODE_ENTER,
	NODE_MOUNT,
	NODE_UNMOUNT,
	NODE_REMOVE,
	NODE_DONE,
	NODE_STAGE_COUNT,
};

enum node_effect {
	NODE_UNCHANGED,
	NODE_MADE,
	NODE_BOUND,
	NODE_REMOVED,
};

struct node_work {
	bool removes;
	bool binds;    /* also where the mount would let nodes open */
	bool is_hosts; /* mount namespace and root directory are those of the host */
	int root;
	int mounts;
	int source;	    /* a detached mount of the host's node, or -1 */
	dev_t host_devices; /* the file system of the host's /dev */
	dev_t device;
	mode_t mode; /* with the type */
	uid_t user;
	gid_t group;
	unsigned int directories; /* to remove the last so many with the node, if they are empty */
	char path[PATH_MAX];	  /* absolute, without ".." */

	bool is_inside; /* in the mount namespace of the process */
	enum node_stage stage;
	int code; /* errno */
	enum node_effect effect;
	unsigned int made_directories;
	mode_t was_mode; /* of a node that was removed, with the type */
	uid_t was_user;
	gid_t was_group;
};

/**
 * node_work_do() - do it, in a child process that ends then, since it enters the mount namespace.
 *
 * It calls nothing that other threads of the parent could have locked, and executes nothing.
 */
void node_work_do(struct node_work *work);
