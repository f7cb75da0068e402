// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decides which cgroups are members of a standing fence: each that is made, before mkdir(2) returns and anybody can enter
 * it (cgroup_mkdir, kernel/cgroup/cgroup.c). It goes by the names of the nodes, since the path that the tracepoint has is
 * cut. Hierarchies of cgroup v1 pass here too, with ids of their own.
 */
#include "ancestor.bpf.h"
#include "kernel_types.bpf.h"
#include "member_maps.bpf.h"
#include <bpf/bpf_helpers.h>
#include <cgfence/glob.h>

#define DEFAULT_HIERARCHY 0

const volatile struct {
	__u64 anchor_id;
	__u32 anchor_level;
	__u32 components; /* of the pattern, below the anchor */
	__u32 exceptions;
	__u32 class_count; /* for which each pattern has room */
} membership = { 0 };

static const struct cgfence_member nothing_refused;

/* One more than are kept: before 6.13 a full trie takes no new value for a key that it has (trie_update_elem). */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CGFENCE_GONE_NAMES + 1);
	__type(key, struct cgfence_gone_key);
	__type(value, struct cgfence_gone);
} cgfence_gone SEC(".maps");

/* Where the values of those are put together in turns, so that one that found no memory is there the next time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct cgfence_gone);
} cgfence_going SEC(".maps");

/* The components of the pattern, and then the exceptions. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgfence_glob);
} cgfence_globs SEC(".maps");

/*
 * Does the name at this address match a pattern? A global function, which the verifier looks at once; its arguments must
 * be numbers (5.10). What cannot be read counts as @unknown.
 */
__attribute__((noinline)) int name_matches(__u64 name, __u32 index, __u32 unknown)
{
	const struct cgfence_glob *glob = bpf_map_lookup_elem(&cgfence_globs, &index);
	struct cgfence_glob_states states = cgfence_glob_begin();
	char text[CGFENCE_NAME_SIZE];

	if (!glob || bpf_probe_read_kernel_str(text, sizeof(text), (void *)name) < 0)
		return unknown;
	if (cgfence_glob_refuses_dot(glob, text[0]))
		return 0;
	for (__u32 i = 0; i < CGFENCE_NAME_SIZE - 1; i++) {
		__u8 byte = text[i];
		__u32 class;

		if (!byte)
			break;
		class = glob->classes[byte];
		if (class >= membership.class_count)
			return unknown;
		cgfence_glob_step(glob, glob->accepts[class], &states);
	}
	return cgfence_glob_ends(glob, &states);
}

static __always_inline struct cgroup *parent_of(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, self.parent, cgroup);
}

/* Is it where members are? */
static __always_inline bool is_in_place(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, root, hierarchy_id) == DEFAULT_HIERARCHY &&
	       BPF_CORE_READ(cgroup, level) ==
		       (int)(membership.anchor_level + membership.components) &&
	       ancestor_id(cgroup, membership.anchor_level) == membership.anchor_id;
}

static __always_inline bool has_name_of_member(struct cgroup *cgroup)
{
	__u64 name = (__u64)BPF_CORE_READ(cgroup, kn, name);
	__u32 i;

	for (i = 0; i < CGFENCE_EXCEPT_MAX; i++) {
		if (i >= membership.exceptions)
			break;
		if (name_matches(name, membership.components + i, false))
			return false;
	}
	for (i = 0; i < CGFENCE_PATTERN_DEPTH; i++) {
		if (i >= membership.components)
			break;
		name = (__u64)BPF_CORE_READ(cgroup, kn, name);
		if (!name_matches(name, membership.components - 1 - i, true))
			return false;
		cgroup = parent_of(cgroup);
	}
	return true;
}

static __always_inline struct cgfence_membership_state *state_of_members(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cgfence_state, &zero);
}

SEC("cgfence.tp_btf/cgroup_mkdir")
int cgfence_mkdir(unsigned long long *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)ctx[0]; /* cgroup_mkdir(cgroup, path) */
	struct cgfence_membership_state *state;
	__u64 id;

	if (!is_in_place(cgroup) || !has_name_of_member(cgroup))
		return 0;
	id = BPF_CORE_READ(cgroup, kn, id);
	if (bpf_map_update_elem(&cgfence_members, &id, &nothing_refused, BPF_ANY) == 0)
		return 0;
	state = state_of_members();
	if (state)
		__sync_fetch_and_add(&state->lost, 1);
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

static __always_inline struct cgfence_gone *going_of(__u64 number)
{
	__u32 turn = number & 1;

	return bpf_map_lookup_elem(&cgfence_going, &turn);
}

static __always_inline bool keep(struct cgfence_gone *gone, __u64 number)
{
	struct cgfence_gone_key key = { .bits = CGFENCE_GONE_BITS,
					.place = number % CGFENCE_GONE_NAMES };

	return bpf_map_update_elem(&cgfence_gone, &key, gone, BPF_ANY) == 0;
}

/*
 * The kernel removes one cgroup at a time. It calls with interrupts off (TRACE_CGROUP_PATH, kernel/cgroup/cgroup-internal.h),
 * so that a trie may find no memory for a node for which there is some a moment later.
 */
static __always_inline void keep_names(struct cgroup *cgroup, __u64 id)
{
	struct cgfence_membership_state *state = state_of_members();
	struct cgfence_gone *gone;

	if (!state)
		return;
	gone = going_of(state->gone - 1);
	if (state->last_is_lost && gone)
		keep(gone, state->gone - 1);
	gone = going_of(state->gone);
	if (!gone)
		return;
	gone->id = id;
	for (__u32 i = 0; i < CGFENCE_PATTERN_DEPTH; i++) {
		if (i >= membership.components)
			break;
		bpf_probe_read_kernel_str(gone->names[i], CGFENCE_NAME_SIZE,
					  BPF_CORE_READ(cgroup, kn, name));
		cgroup = parent_of(cgroup);
	}
	state->last_is_lost = !keep(gone, state->gone++);
}

SEC("cgfence.tp_btf/cgroup_rmdir")
int cgfence_rmdir(unsigned long long *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)ctx[0]; /* cgroup_rmdir(cgroup, path) */
	const struct cgfence_member *member;
	__u64 id;

	if (!is_in_place(cgroup))
		return 0;
	id = BPF_CORE_READ(cgroup, kn, id);
	member = bpf_map_lookup_elem(&cgfence_members, &id);
	if (!member)
		return 0;
	if (was_refused_something(member))
		keep_names(cgroup, id);
	bpf_map_delete_elem(&cgfence_members, &id);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
