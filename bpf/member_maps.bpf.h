/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps that the programs of a standing fence share with those that decide its membership. */
#pragma once

#include <bpf/bpf_helpers.h>
#include <cgfence/abi.h>

/*
 * Without types, as in the map of maps of listen_trace.bpf.c: before Linux 6.3 the kernel takes none with types for one
 * without (timer_off in bpf_map_meta_equal(), kernel/bpf/map_in_map.c).
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(struct cgfence_member));
} cgfence_members SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgfence_membership_state);
} cgfence_state SEC(".maps");
