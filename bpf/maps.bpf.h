/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of a fence. User space makes them and puts them in place of these declarations. */
#pragma once

#include "records.bpf.h"
#include <stdbool.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgfence_image);
} cgfence_policy SEC(".maps");

/* One for all fences of the host, pinned. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CGFENCE_EVENTS_SIZE);
} cgfence_events SEC(".maps");
