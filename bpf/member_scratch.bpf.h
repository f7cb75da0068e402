/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared by the programs that decide membership. */
#pragma once

#include "kernel_types.bpf.h"
#include "member_maps.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <cgfence/glob.h>

/* Keeps a counter in a register, where the verifier of 5.10 sees that it grows, and its value from the compiler. */
#define IN_REGISTER(variable) asm volatile("" : "+r"(variable))

/* The kernel calls for one cgroup at a time. */
struct scratch {
	char name[CGFENCE_NAME_SIZE];
	struct cgfence_glob_states states;
	char names[(CGFENCE_PATTERN_DEPTH + 1) * CGFENCE_NAME_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} cgfence_scratch SEC(".maps");

static __always_inline struct scratch *scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cgfence_scratch, &zero);
}

static __always_inline struct cgroup *parent_of(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, self.parent, cgroup);
}
