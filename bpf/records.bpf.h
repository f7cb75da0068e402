/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of records, which stay when the policy changes. Programs that may be shared find them by bpf/own.bpf.h. */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <cgfence/abi.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgfence_counters);
} cgfence_count SEC(".maps");

/*
 * An array of small sets, not BPF_MAP_TYPE_LRU_HASH: such a map frees up to 128 elements at a time (LOCAL_FREE_TARGET,
 * kernel/bpf/bpf_lru_list.c), which is half of a map of this size.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CGFENCE_DENIAL_SETS);
	__type(key, __u32);
#ifdef STANDING
	__type(value, struct cgfence_standing_denial_set);
#else
	__type(value, struct cgfence_denial_set);
#endif
} cgfence_denials SEC(".maps");
