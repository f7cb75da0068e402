// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decides which cgroups are members of the standing fences of the host: each that is made, before mkdir(2) returns and
 * anybody can enter it (cgroup_mkdir, kernel/cgroup/cgroup.c). It goes by the names of the nodes, since the path that the
 * tracepoint has is cut. Hierarchies of cgroup v1 pass here too, with ids of their own.
 *
 * Only fences whose anchor is above the cgroup are looked at, so that those elsewhere cost nothing. The kernel holds
 * cgroup_mutex while it calls, so these programs do one cgroup at a time, and who has held that lock knows that they see
 * what was written before (kernel/member_places.c).
 */
#include "ancestor.bpf.h"
#include "kernel_types.bpf.h"
#include "member_gone.bpf.h"
#include "member_names.bpf.h"

#define DEFAULT_HIERARCHY 0

/* A divisor of how many a chain may have. */
#define PLACES_AT_ONCE 16

static const struct cgfence_member nothing_refused;

/* By CGFENCE_ANCHOR_CELL(): the number of the first place of a chain + 1. Of the size in which values are laid out. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CGFENCE_ANCHOR_CELLS);
	__type(key, __u32);
	__type(value, __u64);
} cgfence_anchors SEC(".maps");

/* The maps of the members, by place. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, CGFENCE_PLACES);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_HASH);
			__uint(map_flags, BPF_F_NO_PREALLOC);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(__u64));
			__uint(value_size, sizeof(struct cgfence_member));
		});
} cgfence_member_m SEC(".maps");

static __always_inline void lose(struct cgfence_place *place, __u32 number, __u64 id)
{
	const struct cgfence_lost_key key = CGFENCE_LOST_KEY(number, id);
	const __u32 there = 1;

	if (bpf_map_update_elem(&cgfence_lost, &key, &there, BPF_ANY))
		__sync_fetch_and_add(&place->unlisted, 1);
	__sync_fetch_and_add(&place->lost, 1);
}

static __always_inline void forget_lost(__u32 number, __u64 id)
{
	const struct cgfence_lost_key key = CGFENCE_LOST_KEY(number, id);

	bpf_map_delete_elem(&cgfence_lost, &key);
}

/* Makes a cgroup a member of the fence of a place, if it is one. */
__attribute__((noinline)) int admit(__u64 address, __u32 number)
{
	struct cgfence_place *place = bpf_map_lookup_elem(&cgfence_state, &number);
	struct cgroup *cgroup = (struct cgroup *)address;
	void *members;
	__u64 id;

	if (!place || !has_name_of_member(address, number))
		return 0;
	members = bpf_map_lookup_elem(&cgfence_member_m, &number);
	id = BPF_CORE_READ(cgroup, kn, id);
	if (!members || bpf_map_update_elem(members, &id, &nothing_refused, BPF_ANY))
		lose(place, number, id);
	return 0;
}

static __always_inline bool was_refused_something(const struct cgfence_member *member)
{
	__u64 refusals = 0;

	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++) {
		for (int verdict = 0; verdict < CGFENCE_VERDICT_COUNT; verdict++)
			refusals |= member->refusals[hook][verdict];
	}
	return refusals;
}

/* A removed cgroup is a member of the fence of a place no more. */
__attribute__((noinline)) int dismiss(__u64 address, __u32 number)
{
	struct cgroup *cgroup = (struct cgroup *)address;
	void *members = bpf_map_lookup_elem(&cgfence_member_m, &number);
	const struct cgfence_member *member;
	__u64 id = BPF_CORE_READ(cgroup, kn, id);

	if (!members)
		return 0;
	member = bpf_map_lookup_elem(members, &id);
	if (!member) {
		forget_lost(number, id);
		return 0;
	}
	if (was_refused_something(member))
		keep_names(address, number);
	bpf_map_delete_elem(members, &id);
	return 0;
}

/* For the fence of a place, if it has that anchor. Return: the next place + 1. */
static __always_inline __u32 tell_place(__u64 address, __u64 anchor_id, __u32 components,
					__u32 number, int (*act)(__u64 address, __u32 number))
{
	const struct cgfence_place *place = bpf_map_lookup_elem(&cgfence_state, &number);

	if (!place)
		return 0;
	if (place->anchor_id == anchor_id && place->components == components)
		act(address, number);
	return place->next;
}

typedef int in_place(__u64 address, __u64 anchor_id, __u32 components, __u32 number);

/* For some of a chain, from a place + 1. Return: the next one + 1. */
static __always_inline int tell_some(__u64 address, __u64 anchor_id, __u32 components, __u32 next,
				     in_place *act)
{
	for (__u32 i = 0; i < PLACES_AT_ONCE; i++) {
		IN_REGISTER(i);
		if (!next)
			break;
		next = act(address, anchor_id, components, next - 1);
	}
	return (int)next;
}

/* For all fences whose anchor is so many levels above, to which a pattern has as many components. */
static __always_inline int tell_level(__u64 address, __u32 level, __u32 components, in_place *some)
{
	__u64 anchor_id = ancestor_id((struct cgroup *)address, (int)level);
	__u32 cell = CGFENCE_ANCHOR_CELL(anchor_id);
	const __u64 *first = bpf_map_lookup_elem(&cgfence_anchors, &cell);
	__u32 next = first ? (__u32)*first : 0;

	for (__u32 i = 0; i < CGFENCE_CHAIN_MAX; i += PLACES_AT_ONCE) {
		IN_REGISTER(i);
		if (!next)
			break;
		next = some(address, anchor_id, components, next);
	}
	return 0;
}

/* Each program has functions of its own, so that it has nothing that is for the other. */
__attribute__((noinline)) int admit_in_place(__u64 address, __u64 anchor_id, __u32 components,
					     __u32 number)
{
	return (int)tell_place(address, anchor_id, components, number, admit);
}

__attribute__((noinline)) int admit_in_some(__u64 address, __u64 anchor_id, __u32 components,
					    __u32 next)
{
	return tell_some(address, anchor_id, components, next, admit_in_place);
}

__attribute__((noinline)) int admit_at_level(__u64 address, __u32 level, __u32 components)
{
	return tell_level(address, level, components, admit_in_some);
}

__attribute__((noinline)) int dismiss_in_place(__u64 address, __u64 anchor_id, __u32 components,
					       __u32 number)
{
	return (int)tell_place(address, anchor_id, components, number, dismiss);
}

__attribute__((noinline)) int dismiss_in_some(__u64 address, __u64 anchor_id, __u32 components,
					      __u32 next)
{
	return tell_some(address, anchor_id, components, next, dismiss_in_place);
}

__attribute__((noinline)) int dismiss_at_level(__u64 address, __u32 level, __u32 components)
{
	return tell_level(address, level, components, dismiss_in_some);
}

typedef int at_level(__u64 address, __u32 level, __u32 components);

/*
 * cgroup_mkdir(cgroup, path), and cgroup_rmdir likewise. The address is read from the context as a number, since functions
 * that the verifier looks at once take no pointers to structures.
 */
static __always_inline int tell(const void *ctx, at_level *act)
{
	struct cgroup *cgroup;
	__u64 address;
	int level;

	if (bpf_probe_read_kernel(&address, sizeof(address), ctx))
		return 0;
	cgroup = (struct cgroup *)address;
	if (BPF_CORE_READ(cgroup, root, hierarchy_id) != DEFAULT_HIERARCHY)
		return 0;
	level = BPF_CORE_READ(cgroup, level);
	for (int components = 1; components <= CGFENCE_PATTERN_DEPTH; components++) {
		IN_REGISTER(components);
		if (components > level)
			break;
		act(address, level - components, components);
	}
	return 0;
}

SEC("cgfence.tp_btf/cgroup_mkdir")
int cgfence_mkdir(unsigned long long *ctx)
{
	return tell(ctx, admit_at_level);
}

SEC("cgfence.tp_btf/cgroup_rmdir")
int cgfence_rmdir(unsigned long long *ctx)
{
	return tell(ctx, dismiss_at_level);
}

char _license[] SEC("license") = "Dual BSD/GPL";
