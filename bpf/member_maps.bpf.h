/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps that the programs of all standing fences share with those that decide their membership. */
#pragma once

#include <bpf/bpf_helpers.h>
#include <cgfence/abi.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CGFENCE_PLACES);
	__type(key, __u32);
	__type(value, struct cgfence_place);
} cgfence_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20);
	__type(key, struct cgfence_lost_key);
	__type(value, __u32);
} cgfence_lost SEC(".maps");
