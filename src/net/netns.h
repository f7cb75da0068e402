/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/* The identity of a network namespace. The kernel uses inode numbers again, but not cookies. */
struct netns_identity {
	uint64_t cookie; /* 0 if the kernel has none (before 5.14) */
	uint32_t inum;
};

/** netns_read() - which network namespace this thread is in. */
int netns_read(struct netns_identity *identity, struct cgfence_error *error);

/**
 * netns_read_ephemeral_range() - the ephemeral ports in the network namespace of this thread.
 * @low: receives the first, in host order; above @high if the range cannot be read
 * @high: receives the last
 *
 * It reads net.ipv4.ip_local_port_range (ip_sysctl.rst), which also governs IPv6.
 */
void netns_read_ephemeral_range(uint32_t *low, uint32_t *high);

/** netns_concerns() - does a fence judge the sockets of this network namespace? */
bool netns_concerns(const struct cgfence_image *image, const struct netns_identity *identity);

/**
 * netns_enter() - move this thread to a network namespace.
 * @netns: descriptor of the namespace
 * @before: receives a descriptor of the one it was in, to be given to netns_leave()
 */
int netns_enter(int netns, int *before, struct cgfence_error *error);

/** netns_leave() - go back and close @before. */
int netns_leave(int before, struct cgfence_error *error);
