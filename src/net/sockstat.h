/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <stdbool.h>

/* How many sockets have a port, which the kernel counts for each network namespace (proc(5), /proc/net/sockstat). */
struct sockstat {
	int ipv4; /* descriptors, -1 if unknown */
	int ipv6;
};

#define SOCKSTAT_CLOSED \
	{               \
		-1, -1  \
	}

/** sockstat_open() - the counts of the network namespace of the calling thread, also for when it has left that. */
void sockstat_open(struct sockstat *sockstat);

/** sockstat_close() - close both descriptors. */
void sockstat_close(struct sockstat *sockstat);

/** sockstat_has_no_udp_lite() - has no UDP-Lite socket a port? If in doubt, no. */
bool sockstat_has_no_udp_lite(const struct sockstat *sockstat);
