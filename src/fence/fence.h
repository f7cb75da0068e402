/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/** fence_read() - cgfence_fence_open() of a fence as it is, even if a killed command left it half changed. */
int fence_read(uint64_t id, struct cgfence_fence **fence, struct cgfence_error *error);

/** fence_read_source() - what it remembers of its policy (policy/memory.h); as fence_source_read(). */
int fence_read_source(const struct cgfence_fence *fence, char **packed,
		      struct cgfence_error *error);

/** fence_id() - what its directory is named by. */
uint64_t fence_id(const struct cgfence_fence *fence);

/** fence_is_torn() - has a killed command left it half changed? */
bool fence_is_torn(const struct cgfence_fence *fence);

/**
 * fence_read_denial_set() - read one of its CGFENCE_DENIAL_SETS; without members if it is on one cgroup.
 *
 * Return: 0 or -errno.
 */
int fence_read_denial_set(const struct cgfence_fence *fence, uint32_t index,
			  struct cgfence_standing_denial_set *set);

struct membership;

/** fence_learns() - was it attached with CGFENCE_ATTACH_LEARN? */
bool fence_learns(const struct cgfence_fence *fence);

/** fence_is_same() - are they snapshots of one fence, under one policy? Only of fences that share no programs. */
bool fence_is_same(const struct cgfence_fence *a, const struct cgfence_fence *b);

/** fence_standing() - what it is for; all 0 if it is on one cgroup. */
const struct cgfence_standing *fence_standing(const struct cgfence_fence *fence);

/** fence_membership() - what decides that, which the snapshot owns; closed if it is on one cgroup, or is torn. */
const struct membership *fence_membership(const struct cgfence_fence *fence);

/**
 * fence_read_port_image() - the image that the port programs of a fence use now.
 * @id: of the fence root
 * @image: receives the image, to be given to free()
 *
 * Return: 0, -ENOENT if the cgroup has no fence of ports, another -errno.
 */
int fence_read_port_image(uint64_t id, struct cgfence_image **image, struct cgfence_error *error);

static inline void cleanup_close_fence(struct cgfence_fence **fence)
{
	cgfence_fence_close(*fence);
}

#define cleanup_fence __attribute__((cleanup(cleanup_close_fence)))
