/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which tasks in the fences hold a descriptor of a listening socket. */
#pragma once

#include <cgfence/cgfence.h>

/* A holder of which no descriptor is known. */
#define HOLDER_FD_UNKNOWN UINT32_MAX

struct holders {
	struct cgfence_holder *items;
	size_t count;
	size_t capacity;
};

/** holders_add() - append a copy. Return: 0 or -ENOMEM. */
int holders_add(struct holders *list, const struct cgfence_holder *holder);

/** holders_free() - free the items. */
void holders_free(struct holders *list);

/* The task_file iterator of the kernel, loaded. */
struct holder_iterator;

/**
 * holder_iterator_new() - load the iterator, which takes some 15 ms.
 * @iterator: receives what is to be given to holder_iterator_free()
 */
int holder_iterator_new(struct holder_iterator **iterator, struct cgfence_error *error);

/** holder_iterator_free() - unload it; NULL is fine. */
void holder_iterator_free(struct holder_iterator *iterator);

/**
 * holder_iterator_run() - one pass over the descriptors of all tasks in this pid namespace.
 * @fence_ids: of the fence roots, in ascending order
 * @list: receives the holders, after what is there
 */
int holder_iterator_run(struct holder_iterator *iterator, const uint64_t *fence_ids,
			size_t fence_count, struct holders *list, struct cgfence_error *error);

/**
 * holders_walk() - the same from /proc/PID/task/TID/fd (proc(5)), for the tasks at and below one cgroup.
 * @inodes: of the sockets looked for, in ascending order, for /proc does not say which sockets listen
 * @list: receives the holders, after what is there; their fence_id and netns_inum are 0
 *
 * A descriptor or a task that vanishes meanwhile costs itself only.
 */
int holders_walk(const struct cgfence_cgroup *cgroup, const uint32_t *inodes, size_t inode_count,
		 struct holders *list, struct cgfence_error *error);

/** holder_still_holds() - is the descriptor still there, and of this socket? */
bool holder_still_holds(const struct cgfence_holder *holder);
