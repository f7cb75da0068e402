/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/*
 * What the last bind of a socket asked for, where post_bind cannot judge by the port alone: nothing, so that what the
 * kernel chose is not taken for a rewritten port, or a port that was recorded already.
 */
struct asked {
	__u32 pending; /* bind has seen it, and post_bind not yet */
	__u32 port;    /* 0: whatever the kernel chooses */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct asked);
} cgfence_asked SEC(".maps");
