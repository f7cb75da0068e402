/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contents of the maps of peers.bpf.c. */
#pragma once

#include <linux/types.h>

#define PEER_ANY 0xffffffff
#define PEER_END 0xffffffff
#define PEER_RULES_MAX 128 /* that systemd takes */

struct peer_device {
	__u32 type;
	__u32 major;
	__u32 minor; /* or PEER_ANY */
};

/* As systemd has it. 0 is any family, protocol or port. */
struct peer_rule {
	__u32 family; /* PEER_END if there is no rule */
	__u32 protocol;
	__u16 port_count;
	__u16 port_min;
};
