/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whom a program judges. That of a fence on one cgroup judges all that the kernel asks it about; that of a standing
 * fence, which is attached to the anchor, only what is in a member. The same sources are compiled for both, the second
 * with STANDING, so that the first has no code for it.
 */
#pragma once

#include "maps.bpf.h"

#ifdef STANDING

#include "member_maps.bpf.h"

/* What of the cgroups above @cgroup, which is an address, could be a member; 0 if there is none of that level. */
static __always_inline __u64 candidate_of_cgroup(const struct cgfence_image *image, __u64 cgroup)
{
	__u32 level = STANDING_FIELD(image, member_level);
	__u32 own_level = 0;
	__u64 place;
	__u64 id = 0;

	if (!cgroup ||
	    bpf_probe_read_kernel(&own_level, sizeof(own_level),
				  (void *)(cgroup + STANDING_FIELD(image, cgroup.level))) ||
	    own_level < level)
		return 0;
	place = cgroup + STANDING_FIELD(image, cgroup.ancestors) + level * sizeof(place);
	if (STANDING_FIELD(image, cgroup.ancestors_are_ids)) {
		bpf_probe_read_kernel(&id, sizeof(id), (void *)place);
		return id;
	}
	if (bpf_probe_read_kernel(&place, sizeof(place), (void *)place) ||
	    bpf_probe_read_kernel(&place, sizeof(place),
				  (void *)(place + STANDING_FIELD(image, cgroup.node))))
		return 0;
	bpf_probe_read_kernel(&id, sizeof(id),
			      (void *)(place + STANDING_FIELD(image, cgroup.node_id)));
	return id;
}

/* The same of the cgroup of the current task; for device programs. */
static __always_inline __u64 candidate_of_task(const struct cgfence_image *image)
{
	__u64 place = 0;

	if (CGFENCE_FIELD(image, task.device_by) == CGFENCE_TASK_BY_HELPER)
		return bpf_get_current_ancestor_cgroup_id(STANDING_FIELD(image, member_level));
	place = bpf_get_current_task() + STANDING_FIELD(image, cgroup.task_set);
	if (bpf_probe_read_kernel(&place, sizeof(place), (void *)place) ||
	    bpf_probe_read_kernel(&place, sizeof(place),
				  (void *)(place + STANDING_FIELD(image, cgroup.set_cgroup))))
		return 0;
	return candidate_of_cgroup(image, place);
}

/* The same of the cgroup in which a socket was made. Before 5.16 two bits of the address have another meaning. */
static __always_inline __u64 candidate_of_socket(const struct cgfence_image *image,
						 const void *socket)
{
	__u64 cgroup = 0;

	bpf_probe_read_kernel(&cgroup, sizeof(cgroup),
			      (const char *)socket + STANDING_FIELD(image, cgroup.socket_cgroup));
	return candidate_of_cgroup(image, cgroup & ~3ULL);
}

/*
 * For a program whose context begins with the address of struct sock (struct bpf_sock_addr_kern, bpf_sock_ops_kern). The
 * verifier does not let it add to the pointer that the context shows.
 */
static __always_inline __u64 candidate_of_context_socket(const struct cgfence_image *image,
							 const void *context)
{
	const void *socket = 0;

	bpf_probe_read_kernel(&socket, sizeof(socket), context);
	return candidate_of_socket(image, socket);
}

/* Is that one a member? While some found no room, every one is. */
static __always_inline bool is_member(__u64 candidate)
{
	const struct cgfence_membership_state *state;
	__u32 zero = 0;

	if (!candidate)
		return false;
	if (bpf_map_lookup_elem(&cgfence_members, &candidate))
		return true;
	state = bpf_map_lookup_elem(&cgfence_state, &zero);
	return state && state->lost;
}

/* The records of members are spread like those of their subjects. */
static __always_inline __u64 seed_of_member(__u64 id)
{
	return id * 0x9e3779b97f4a7c15ULL;
}

static __always_inline void count_for_member(__u64 id, const struct cgfence_denial_subject *subject)
{
	struct cgfence_member *member = bpf_map_lookup_elem(&cgfence_members, &id);
	__u64 *refusals;

	if (!member)
		return;
	refusals = member->refusals[subject->hook & (CGFENCE_HOOK_SLOTS - 1)];
	__sync_fetch_and_add(&refusals[subject->verdict & (CGFENCE_VERDICT_SLOTS - 1)], 1);
}

#else

static __always_inline __u64 candidate_of_cgroup(const struct cgfence_image *image, __u64 cgroup)
{
	(void)image;
	(void)cgroup;
	return 0;
}

static __always_inline __u64 candidate_of_task(const struct cgfence_image *image)
{
	(void)image;
	return 0;
}

static __always_inline __u64 candidate_of_socket(const struct cgfence_image *image,
						 const void *socket)
{
	(void)image;
	(void)socket;
	return 0;
}

static __always_inline __u64 candidate_of_context_socket(const struct cgfence_image *image,
							 const void *context)
{
	(void)image;
	(void)context;
	return 0;
}

static __always_inline bool is_member(__u64 candidate)
{
	(void)candidate;
	return true;
}

static __always_inline __u64 seed_of_member(__u64 id)
{
	(void)id;
	return 0;
}

static __always_inline void count_for_member(__u64 id, const struct cgfence_denial_subject *subject)
{
	(void)id;
	(void)subject;
}

#endif
