/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of members that are removed. */
#pragma once

#include "member_scratch.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20);
	__type(key, struct cgfence_gone_key);
	__type(value, struct cgfence_gone);
} cgfence_gone SEC(".maps");

/* Where the values of those are put together in turns, so that one that found no memory is there the next time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * CGFENCE_GONE_PARTS);
	__type(key, __u32);
	__type(value, struct cgfence_gone);
} cgfence_going SEC(".maps");

struct last_gone {
	__u64 fence_id;
	__u64 number; /* of the names of that fence */
	__u32 place;  /* of the fence */
	__u32 length;
	__u32 turn; /* 0 or 1 */
	__u32 lost; /* there was no memory for it */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct last_gone);
} cgfence_last SEC(".maps");

static __always_inline struct last_gone *last_gone(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cgfence_last, &zero);
}

/* Keeps the names that were put together last. */
__attribute__((noinline)) int keep_last(void)
{
	struct cgfence_gone_key key = { .bits = CGFENCE_GONE_BITS };
	struct last_gone *last = last_gone();
	__u32 lost = 0;

	if (!last)
		return 0;
	key.fence_id = last->fence_id;
	for (__u32 i = 0; i < CGFENCE_GONE_PARTS; i++) {
		__u32 index = last->turn * CGFENCE_GONE_PARTS + i;
		const void *part = bpf_map_lookup_elem(&cgfence_going, &index);

		IN_REGISTER(i);
		if (!part || i * CGFENCE_GONE_PART_SIZE >= last->length)
			break;
		key.part = last->number % CGFENCE_GONE_NAMES * CGFENCE_GONE_PARTS + i;
		if (bpf_map_update_elem(&cgfence_gone, &key, part, BPF_ANY))
			lost = 1;
	}
	last->lost = lost;
	return 0;
}

/* Is the fence of the last names still there? */
static __always_inline bool last_is_wanted(const struct last_gone *last)
{
	__u32 number = last->place;
	const struct cgfence_place *place = bpf_map_lookup_elem(&cgfence_state, &number);

	return place && place->fence_id == last->fence_id;
}

/* Puts the name of a cgroup behind others. Return: its length with the NUL. */
__attribute__((noinline)) int add_name(__u64 address, __u32 at)
{
	struct cgroup *cgroup = (struct cgroup *)address;
	struct scratch *is = scratch();
	char *end;
	long size;

	if (!is)
		return 0;
	end = &is->names[at % (CGFENCE_PATTERN_DEPTH * CGFENCE_NAME_SIZE)];
	*end = '\0';
	size = bpf_probe_read_kernel_str(end, CGFENCE_NAME_SIZE, BPF_CORE_READ(cgroup, kn, name));
	return size > 0 ? (int)size : 1;
}

/* Puts the names of a cgroup and of those above it side by side. Return: their length in bytes. */
static __always_inline __u32 join_names(__u64 address, __u32 components)
{
	__u32 length = 0;

	for (__u32 i = 0; i < CGFENCE_PATTERN_DEPTH; i++) {
		IN_REGISTER(i);
		if (i >= components)
			break;
		length += (__u32)add_name(address, length);
		address = (__u64)parent_of((struct cgroup *)address);
	}
	return length;
}

/*
 * The kernel removes one cgroup at a time. It calls with interrupts off (TRACE_CGROUP_PATH, kernel/cgroup/cgroup-internal.h),
 * so that a trie may find no memory for a node for which there is some a moment later.
 */
__attribute__((noinline)) int keep_names(__u64 address, __u32 number)
{
	struct cgfence_place *place = bpf_map_lookup_elem(&cgfence_state, &number);
	struct last_gone *last = last_gone();
	struct scratch *is = scratch();
	__u32 length;

	if (!place || !last || !is)
		return 0;
	if (last->lost && last_is_wanted(last))
		keep_last();
	last->turn = !last->turn;
	length = join_names(address, place->components);
	for (__u32 i = 0; i < CGFENCE_GONE_PARTS; i++) {
		__u32 index = last->turn * CGFENCE_GONE_PARTS + i;
		struct cgfence_gone *part = bpf_map_lookup_elem(&cgfence_going, &index);

		if (!part || i * CGFENCE_GONE_PART_SIZE >= length)
			break;
		part->id = BPF_CORE_READ((struct cgroup *)address, kn, id);
		part->components = place->components;
		part->length = length;
		bpf_probe_read_kernel(part->text, sizeof(part->text),
				      &is->names[i * CGFENCE_GONE_PART_SIZE]);
	}
	last->fence_id = place->fence_id;
	last->place = number;
	last->length = length;
	last->number = place->gone;
	place->gone++;
	return keep_last();
}
