/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pinned links of a fence. */
#pragma once

#include "kernel/hook.h"
#include "base/cleanup.h"

/* The state of a pinned link, as the kernel reports it. */
struct link {
	int fd;
	int program; /* descriptor of what it runs */
	uint32_t program_id;
	uint64_t cgroup_id; /* 0 once it was detached, or the cgroup removed */
};

/**
 * link_open() - open the link of a hook.
 * @id: of the fence root
 *
 * A link that holds no cgroup any more counts as none, except that of a standing fence.
 *
 * Return: 0, -ENOENT if none is pinned, another -errno.
 */
int link_open(uint64_t id, const struct hook *hook, struct link *link, struct cgfence_error *error);

/** link_is_there() - is a link pinned that counts? Yes if it cannot be opened now: it may be a fence. */
bool link_is_there(uint64_t id, const struct hook *hook);

/**
 * link_look() - what the link of a hook runs, without opening that.
 * @seen: receives it, with cgroup 0 if it is attached to none
 *
 * Return: 0, -ENOENT if no link is pinned that counts, another -errno.
 */
int link_look(uint64_t id, const struct hook *hook, struct cgfence_link_seen *seen);

/** link_program_id() - the program that the link of a hook runs; 0 if there is no such link. */
uint32_t link_program_id(uint64_t id, const struct hook *hook);

/** link_cgroup_id() - the cgroup that the link of a hook is attached to; 0 if there is none, or no such link. */
uint64_t link_cgroup_id(uint64_t id, const struct hook *hook);

/** link_close() - close the descriptors; the link stays pinned. */
void link_close(struct link *link);

#define LINK_CLOSED                     \
	{                               \
		.fd = -1, .program = -1 \
	}
#define cleanup_link __attribute__((cleanup(link_close)))

/**
 * link_create() - attach a program to a cgroup and pin the link: both or neither.
 * @id: of the fence, which has the pin
 */
int link_create(uint64_t id, const struct cgfence_cgroup *cgroup, const struct hook *hook,
		int program, struct cgfence_error *error);

/**
 * link_create_beside() - the same where a present link is on another cgroup, which it leaves alone.
 *
 * To be followed by link_take_place() or link_remove_beside(). A removal of the present link removes it too.
 */
int link_create_beside(uint64_t id, const struct cgfence_cgroup *cgroup, const struct hook *hook,
		       int program, struct cgfence_error *error);

/** link_take_place() - put it in place of the present link, in one step for whoever opens the pin. */
int link_take_place(uint64_t id, const struct hook *hook, struct cgfence_error *error);

/** link_remove_beside() - remove it, if there is one. */
void link_remove_beside(uint64_t id, const struct hook *hook);

/**
 * link_remove() - detach and unpin the link of a hook.
 *
 * Unpinning alone would leave the program running until a grace period later (bpf_free_inode, kernel/bpf/inode.c); it
 * is the last resort if the link cannot be opened or detached.
 *
 * Return: 1, 0 if there was none, or -errno.
 */
int link_remove(uint64_t id, const struct hook *hook, struct cgfence_error *error);

/** link_remove_detaching() - the same in the directory of a fence that is being detached. */
int link_remove_detaching(uint64_t id, const struct hook *hook, struct cgfence_error *error);

/** link_update() - replace the program of the link in one step. */
int link_update(const struct link *link, int program, struct cgfence_error *error);
