// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/hook.h"

/* Of words that are all alike, the set has the last. */
static bool allows_every_port(const struct cgfence_image *image,
			      const struct cgfence_port_bitmap *allowed)
{
	const uint64_t *words = (const uint64_t *)image + allowed->offset;

	return allowed->outside && allowed->word_count == 1 && !~words[0];
}

static bool judges_protocol(const struct cgfence_image *image, enum cgfence_protocol protocol)
{
	const struct cgfence_port_bitmap *allowed = image->ports.allowed[protocol];

	return image->ports.fenced && !(allows_every_port(image, &allowed[CGFENCE_IPV4]) &&
					allows_every_port(image, &allowed[CGFENCE_IPV6]));
}

bool hook_guards_tcp(const struct cgfence_image *image)
{
	return judges_protocol(image, CGFENCE_TCP);
}

static bool devices_wanted(const struct cgfence_image *image)
{
	return image->devices.fenced;
}

static bool bound_wanted(const struct cgfence_image *image)
{
	return judges_protocol(image, CGFENCE_TCP) || judges_protocol(image, CGFENCE_UDP);
}

/* Also where every port is assigned: a fence must have a link that holds its policy. */
static bool bind_wanted(const struct cgfence_image *image)
{
	return image->ports.fenced;
}

static bool create_wanted(const struct cgfence_image *image)
{
	return image->ports.fenced && !image->ports.sctp_any;
}

static bool sockops_wanted(const struct cgfence_image *image)
{
	return image->ports.guard == CGFENCE_GUARD_EVENT ||
	       image->ports.guard == CGFENCE_GUARD_KILL;
}

static bool lsm_wanted(const struct cgfence_image *image)
{
	return image->ports.guard == CGFENCE_GUARD_DENY;
}

/*
 * In the order in which links are made; they are removed in reverse. A bind that is under way meanwhile must not meet a
 * post_bind program without the bind program having seen it.
 */
const struct hook hooks[HOOK_COUNT] = {
	{ "device", "cgfence_device", HOOK_OBJECT_DEVICE, BPF_CGROUP_DEVICE, devices_wanted },
	{ "bind4", "cgfence_bind4", HOOK_OBJECT_PORTS, BPF_CGROUP_INET4_BIND, bind_wanted },
	{ "bind6", "cgfence_bind6", HOOK_OBJECT_PORTS, BPF_CGROUP_INET6_BIND, bind_wanted },
	{ "post_bind4", "cgfence_post_bind4", HOOK_OBJECT_PORTS, BPF_CGROUP_INET4_POST_BIND,
	  bound_wanted },
	{ "post_bind6", "cgfence_post_bind6", HOOK_OBJECT_PORTS, BPF_CGROUP_INET6_POST_BIND,
	  bound_wanted },
	{ "sock_create", "cgfence_sock_create", HOOK_OBJECT_PORTS, BPF_CGROUP_INET_SOCK_CREATE,
	  create_wanted },
	{ "sockops", "cgfence_sockops", HOOK_OBJECT_LISTEN, BPF_CGROUP_SOCK_OPS, sockops_wanted },
	{ "lsm_listen", "cgfence_listen", HOOK_OBJECT_LISTEN_LSM, BPF_LSM_CGROUP, lsm_wanted },
};
