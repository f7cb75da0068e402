/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of the host in which programs that may be shared find what is of one fence. */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <cgfence/abi.h>

/* User space writes it before the first program is attached, and no part of it but the counters changes. */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, struct cgfence_own);
} cgfence_own SEC(".maps");

/* Not a map of maps: after each change of such a map the kernel waits for all programs (maybe_wait_bpf_programs). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct cgfence_records_key);
	__type(value, struct cgfence_records_part);
} cgfence_records SEC(".maps");
