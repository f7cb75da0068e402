/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The data of one fence. Programs of a fence alone have it in their policy and their maps. Those that fences of equal
 * policies share, compiled from the same sources with SHARED, have it in the storage of the cgroup that they are attached
 * to, which the kernel finds for them.
 */
#pragma once

#include <stdbool.h>

#ifdef SHARED
#include "own_maps.bpf.h"
#else
#include "records.bpf.h"
#endif

/* A set of records. */
struct denial_place {
	struct bpf_spin_lock *lock;
	struct cgfence_denial_record *ways;
	__u64 *members; /* of a standing fence */
	__u64 *fence;	/* whose place it is, to be looked at with the lock held */
};

#ifdef SHARED

static __always_inline struct cgfence_own *own_of_counters(struct cgfence_counters *counters)
{
	return (void *)counters - __builtin_offsetof(struct cgfence_own, counters);
}

static __always_inline struct cgfence_counters *counters_of_fence(void)
{
	struct cgfence_own *own = bpf_get_local_storage(&cgfence_own, 0);

	return &own->counters;
}

static __always_inline bool denial_find(struct cgfence_counters *counters, __u32 set_index,
					struct denial_place *place)
{
	struct cgfence_records_key key = {
		.fence = own_of_counters(counters)->fence,
		.part = set_index / CGFENCE_RECORDS_PART_SETS,
	};
	struct cgfence_records_part *part = bpf_map_lookup_elem(&cgfence_records, &key);
	__u64 index = set_index % CGFENCE_RECORDS_PART_SETS;

	/* The verifier may not know what a remainder is. */
	asm volatile("" : "+r"(index));
	if (!part || index >= CGFENCE_RECORDS_PART_SETS)
		return false;
	place->lock = &part->lock;
	place->ways = part->sets[index];
	place->members = 0;
	place->fence = &part->fence;
	return true;
}

static __always_inline bool denial_is_of(struct cgfence_counters *counters,
					 const struct denial_place *place)
{
	return *place->fence == own_of_counters(counters)->fence;
}

static __always_inline __u64 id_of_fence(const struct cgfence_image *image,
					 struct cgfence_counters *counters)
{
	(void)image;
	return own_of_counters(counters)->fence;
}

static __always_inline __u64 record_seed_of_fence(const struct cgfence_image *image,
						  struct cgfence_counters *counters)
{
	(void)image;
	return own_of_counters(counters)->record_seed;
}

/* Binds are judged since both: the fence may be younger than the programs, and its ports younger than the fence. */
static __always_inline __u64 ports_since_ns(const struct cgfence_image *image,
					    struct cgfence_counters *counters)
{
	__u64 fence_ns = own_of_counters(counters)->since_ns;

	return fence_ns > image->ports.since_ns ? fence_ns : image->ports.since_ns;
}

/*
 * Tells it from others that have had these programs, not 0. What sockets asked for is kept with the programs, and so may
 * be of a fence that is gone.
 */
static __always_inline __u32 mark_of_fence(struct cgfence_counters *counters)
{
	return (__u32)own_of_counters(counters)->since_ns | 1;
}

#else

static __always_inline struct cgfence_counters *counters_of_fence(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cgfence_count, &zero);
}

static __always_inline bool denial_find(struct cgfence_counters *counters, __u32 set_index,
					struct denial_place *place)
{
#ifdef STANDING
	struct cgfence_standing_denial_set *set;
#else
	struct cgfence_denial_set *set;
#endif

	(void)counters;
	set = bpf_map_lookup_elem(&cgfence_denials, &set_index);
	if (!set)
		return false;
	place->lock = &set->lock;
	place->ways = set->ways;
#ifdef STANDING
	place->members = set->members;
#else
	place->members = 0;
#endif
	return true;
}

static __always_inline bool denial_is_of(struct cgfence_counters *counters,
					 const struct denial_place *place)
{
	(void)counters;
	(void)place;
	return true;
}

static __always_inline __u64 id_of_fence(const struct cgfence_image *image,
					 struct cgfence_counters *counters)
{
	(void)counters;
	return image->cgroup_id;
}

static __always_inline __u64 record_seed_of_fence(const struct cgfence_image *image,
						  struct cgfence_counters *counters)
{
	(void)counters;
	return image->record_seed;
}

static __always_inline __u64 ports_since_ns(const struct cgfence_image *image,
					    struct cgfence_counters *counters)
{
	(void)counters;
	return image->ports.since_ns;
}

static __always_inline __u32 mark_of_fence(struct cgfence_counters *counters)
{
	(void)counters;
	return 1;
}

#endif
