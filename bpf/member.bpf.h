/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whom a program judges. That of a fence on one cgroup judges all that the kernel asks it about; that of a standing
 * fence, which is attached to the anchor, only what is in a member. The same sources are compiled for both, the second
 * with STANDING, so that the first has no code for it.
 */
#pragma once

#include "lean.bpf.h"
#include "maps.bpf.h"

struct judged {
	__u64 id;		       /* the member; 0 in a fence on one cgroup */
	struct cgfence_member *member; /* what is known of it, NULL if it found no room */
};

#ifdef STANDING

#include "member_maps.bpf.h"

/*
 * Without types, as in the maps of maps of listen_trace.bpf.c and members.bpf.c: before Linux 6.3 the kernel takes none
 * with types for one without (timer_off in bpf_map_meta_equal(), kernel/bpf/map_in_map.c).
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(struct cgfence_member));
} cgfence_members SEC(".maps");

/*
 * The value at an address of the kernel, 0 if there is none: the helper clears it then. So what starts from no address
 * ends in no cgroup.
 */
static __always_inline __u64 word_at(__u64 address)
{
	__u64 word;

	bpf_probe_read_kernel(&word, sizeof(word), (void *)address);
	return word;
}

/* What of the cgroups above @cgroup, which is an address, could be a member; 0 if there is none of that level. */
static __always_inline __u64 candidate_of_cgroup(const struct cgfence_image *image, __u64 cgroup)
{
	__u32 own_level;
	__u64 place;

	if (!cgroup)
		return 0;
	bpf_probe_read_kernel(&own_level, sizeof(own_level),
			      (void *)(cgroup + STANDING_FIELD(image, cgroup.level)));
	if (own_level < STANDING_FIELD(image, member_level))
		return 0;
	place = word_at(cgroup + STANDING_FIELD(image, cgroup.ancestors) +
			STANDING_FIELD(image, member_level) * sizeof(place));
	if (UNLESS_LEAN(STANDING_FIELD(image, cgroup.ancestors_are_ids)))
		return place;
	return word_at(word_at(place + STANDING_FIELD(image, cgroup.node)) +
		       STANDING_FIELD(image, cgroup.node_id));
}

/* The same of the cgroup of the current task; for device programs. */
static __always_inline __u64 candidate_of_task(const struct cgfence_image *image)
{
	__u64 set;

	if (UNLESS_LEAN(CGFENCE_FIELD(image, task.device_by)) == CGFENCE_TASK_BY_HELPER)
		return bpf_get_current_ancestor_cgroup_id(STANDING_FIELD(image, member_level));
	set = word_at(bpf_get_current_task() + STANDING_FIELD(image, cgroup.task_set));
	return candidate_of_cgroup(image, word_at(set + STANDING_FIELD(image, cgroup.set_cgroup)));
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
	const void *socket;

	bpf_probe_read_kernel(&socket, sizeof(socket), context);
	return candidate_of_socket(image, socket);
}

/* Fills in *judged. Return: is that one known to be a member? */
static __always_inline bool find_member(__u64 candidate, struct judged *judged)
{
	judged->id = candidate;
	judged->member = bpf_map_lookup_elem(&cgfence_members, &candidate);
	return judged->member;
}

/* Is that one among the members that found no room? While these are not all known, every one is. */
static __always_inline bool is_lost(const struct cgfence_place *place, __u32 number,
				    __u64 candidate)
{
	const struct cgfence_lost_key key = CGFENCE_LOST_KEY(number, candidate);

	return place->unlisted || bpf_map_lookup_elem(&cgfence_lost, &key);
}

/* Is that one a member? */
static __always_inline bool is_member(const struct cgfence_image *image, __u64 candidate,
				      struct judged *judged)
{
	const struct cgfence_place *place;
	__u32 number = STANDING_FIELD(image, membership);

	if (!candidate)
		return false;
	if (find_member(candidate, judged))
		return true;
	place = bpf_map_lookup_elem(&cgfence_state, &number);
	return place && place->lost && is_lost(place, number, candidate);
}

/* The records of members are spread like those of their subjects. */
static __always_inline __u64 seed_of_member(__u64 id)
{
	return id;
}

static __always_inline void count_for_member(const struct judged *judged, __u32 hook, __u32 verdict)
{
	__u64 *refusals;

	if (!judged->member)
		return;
	refusals = judged->member->refusals[hook];
	__sync_fetch_and_add(&refusals[verdict & (CGFENCE_VERDICT_SLOTS - 1)], 1);
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

static __always_inline bool find_member(__u64 candidate, struct judged *judged)
{
	judged->id = candidate;
	judged->member = 0;
	return true;
}

static __always_inline bool is_member(const struct cgfence_image *image, __u64 candidate,
				      struct judged *judged)
{
	(void)image;
	return find_member(candidate, judged);
}

static __always_inline __u64 seed_of_member(__u64 id)
{
	(void)id;
	return 0;
}

static __always_inline void count_for_member(const struct judged *judged, __u32 hook, __u32 verdict)
{
	(void)judged;
	(void)hook;
	(void)verdict;
}

#endif
