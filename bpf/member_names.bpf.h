/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Has a cgroup the name of a member? */
#pragma once

#include "member_scratch.bpf.h"

/* A trie takes memory for what it has alone. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 17);
	__uint(key_size, sizeof(struct cgfence_glob_key));
	__uint(value_size, CGFENCE_GLOB_PART_SIZE);
} cgfence_globs SEC(".maps");

static __always_inline const struct cgfence_glob *find_glob(__u32 place, __u32 index, __u32 part)
{
	const struct cgfence_glob_key key = {
		.bits = CGFENCE_GLOB_BITS, .place = place, .index = index, .part = part
	};

	return bpf_map_lookup_elem(&cgfence_globs, &key);
}

/* A divisor of how many a name may have. */
#define BYTES_AT_ONCE 17

/* The bodies of loops are functions: the verifier follows a loop round by round, but looks at a function once. */
typedef int some_bytes(__u32 place, __u32 index, __u32 first);

/* Takes some bytes of the name. Return: 1 to go on, 0 at the end of the name, -1 if it cannot be told. */
__attribute__((noinline)) int bytes_of_few_classes(__u32 place, __u32 index, __u32 first)
{
	const struct cgfence_glob *glob = find_glob(place, index, 0);
	struct cgfence_glob_states states;
	struct scratch *is = scratch();

	if (!glob || !is)
		return -1;
	states = is->states;
	for (__u32 i = 0; i < BYTES_AT_ONCE; i++) {
		__u8 byte = is->name[(first + i) & (CGFENCE_NAME_SIZE - 1)];
		__u32 class;

		if (!byte) {
			is->states = states;
			return 0;
		}
		class = glob->classes[byte];
		if (class >= CGFENCE_GLOB_CLASSES)
			return -1;
		cgfence_glob_step(glob, glob->accepts[class], &states);
	}
	is->states = states;
	return 1;
}

/* The same for a pattern of several parts. */
__attribute__((noinline)) int bytes_of_many_classes(__u32 place, __u32 index, __u32 first)
{
	const struct cgfence_glob *glob = find_glob(place, index, 0);
	struct scratch *is = scratch();

	if (!glob || !is)
		return -1;
	for (__u32 i = 0; i < BYTES_AT_ONCE; i++) {
		__u8 byte = is->name[(first + i) & (CGFENCE_NAME_SIZE - 1)];
		const struct cgfence_glob *part;
		__u32 class;

		if (!byte)
			return 0;
		class = glob->classes[byte];
		part = find_glob(place, index, class / CGFENCE_GLOB_CLASSES);
		class %= CGFENCE_GLOB_CLASSES;
		/* The verifier does not know what a remainder is, so the compiler must not. */
		IN_REGISTER(class);
		if (!part || class >= CGFENCE_GLOB_CLASSES)
			return -1;
		cgfence_glob_step(glob, part->accepts[class], &is->states);
	}
	return 1;
}

static __always_inline int matches(__u32 place, __u32 index, __u32 unknown, some_bytes *take)
{
	const struct cgfence_glob *glob = find_glob(place, index, 0);
	struct scratch *is = scratch();

	if (!glob || !is)
		return unknown;
	is->states = cgfence_glob_begin();
	for (__u32 i = 0; i < CGFENCE_NAME_SIZE - 1; i += BYTES_AT_ONCE) {
		int result = take(place, index, i);

		IN_REGISTER(i);
		if (result < 0)
			return unknown;
		if (!result)
			break;
	}
	return cgfence_glob_ends(glob, &is->states);
}

/*
 * Does the name at this address match a pattern? A global function, whose arguments must be numbers (5.10). What cannot be
 * read counts as @unknown.
 */
__attribute__((noinline)) int name_matches(__u64 name, __u32 place, __u32 index, __u32 unknown)
{
	const struct cgfence_glob *glob = find_glob(place, index, 0);
	struct scratch *is = scratch();

	if (!glob || !is || bpf_probe_read_kernel_str(is->name, sizeof(is->name), (void *)name) < 0)
		return unknown;
	if (cgfence_glob_refuses_dot(glob, is->name[0]))
		return 0;
	return glob->class_count <= CGFENCE_GLOB_CLASSES
		       ? matches(place, index, unknown, bytes_of_few_classes)
		       : matches(place, index, unknown, bytes_of_many_classes);
}

__attribute__((noinline)) int has_name_of_member(__u64 address, __u32 number)
{
	const struct cgfence_place *place = bpf_map_lookup_elem(&cgfence_state, &number);
	struct cgroup *cgroup = (struct cgroup *)address;
	__u64 name = (__u64)BPF_CORE_READ(cgroup, kn, name);

	if (!place)
		return false;
	for (__u32 i = 0; i < CGFENCE_EXCEPT_MAX; i++) {
		IN_REGISTER(i);
		if (i >= place->exceptions)
			break;
		if (name_matches(name, number, place->components + i, false))
			return false;
	}
	for (__u32 i = 0; i < CGFENCE_PATTERN_DEPTH; i++) {
		IN_REGISTER(i);
		if (i >= place->components)
			break;
		name = (__u64)BPF_CORE_READ(cgroup, kn, name);
		if (!name_matches(name, number, place->components - 1 - i, true))
			return false;
		cgroup = parent_of(cgroup);
	}
	return true;
}
