// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/hook.h"
#include "device.skel.h"
#include "image/image.h"
#include "image/port_table.h"
#include "lean_ports.skel.h"
#include "lean_shared_ports.skel.h"
#include "lean_standing_device.skel.h"
#include "lean_standing_listen.skel.h"
#include "lean_standing_ports.skel.h"
#include "listen.skel.h"
#include "listen_lsm.skel.h"
#include "ports.skel.h"
#include "shared_device.skel.h"
#include "shared_listen.skel.h"
#include "shared_ports.skel.h"
#include "standing_device.skel.h"
#include "standing_listen.skel.h"
#include "standing_listen_lsm.skel.h"
#include "standing_ports.skel.h"

bool hook_guards_tcp(const struct cgfence_image *image)
{
	return port_table_judges(image, CGFENCE_TCP);
}

static bool devices_wanted(const struct cgfence_image *image)
{
	return image->devices.fenced;
}

static bool bound_wanted(const struct cgfence_image *image)
{
	return port_table_judges(image, CGFENCE_TCP) || port_table_judges(image, CGFENCE_UDP);
}

/* Wanted even if every port is assigned: a fence needs a link that holds its policy. */
static bool bind_wanted(const struct cgfence_image *image)
{
	return image->ports.fenced;
}

static bool create_wanted(const struct cgfence_image *image)
{
	return image->ports.fenced && !image->ports.sctp_any;
}

/* In programs of standing fences. Those of others have nothing there. */
static bool has_lean_anchor(const struct cgfence_image *image)
{
	return !image_standing(image)->cgroup.ancestors_are_ids;
}

static bool devices_are_lean(const struct cgfence_image *image)
{
	return !image->task.device_by && has_lean_anchor(image);
}

static bool ports_are_lean(const struct cgfence_image *image)
{
	return !image->task.ports_by && !image->socket.netns_by && !image->ports.by_family &&
	       !image->ports.privileged && has_lean_anchor(image);
}

static bool listen_is_lean(const struct cgfence_image *image)
{
	return !image->task.sockops_by && !image->socket.sockops_netns_by &&
	       !image->ports.by_family && has_lean_anchor(image);
}

#define FULL(file) file##_bpf__elf_bytes
#define LEAN(file) lean_##file##_bpf__elf_bytes

/* What fits into the same pages either way is compiled in full only. */
#define OBJECT(file, lean, standing_lean, lean_enough)                           \
	.object = #file,                                                         \
	.versions = { { FULL(file), lean(file) },                                \
		      { FULL(standing_##file), standing_lean(standing_##file) }, \
		      { FULL(shared_##file), lean(shared_##file) } },            \
	.is_lean = lean_enough

#define IPV4 HOOK_BIT(CGFENCE_IPV4)
#define IPV6 HOOK_BIT(CGFENCE_IPV6)
#define TCP HOOK_BIT(CGFENCE_TCP)
#define UDP HOOK_BIT(CGFENCE_UDP)

/*
 * In the order in which links are made; they are removed in reverse. A bind that is under way meanwhile must not meet a
 * post_bind program without the bind program having seen it. A socket of IPv6 may have a port of IPv4, by a mapped address.
 */
const struct hook hooks[] = {
	{
		.name = "device",
		OBJECT(device, FULL, LEAN, devices_are_lean),
		.program = "cgfence_device",
		.attach_type = BPF_CGROUP_DEVICE,
		.type_in_place = BPF_PROG_TYPE_CGROUP_DEVICE,
		.wanted = devices_wanted,
		.records = CGFENCE_HOOK_DEVICE,
	},
	{
		.name = "bind4",
		OBJECT(ports, LEAN, LEAN, ports_are_lean),
		.program = "cgfence_bind4",
		.attach_type = BPF_CGROUP_INET4_BIND,
		.type_in_place = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		.wanted = bind_wanted,
		.records = CGFENCE_HOOK_BIND,
		.families = IPV4,
		.protocols = TCP | UDP,
	},
	{
		.name = "bind6",
		OBJECT(ports, LEAN, LEAN, ports_are_lean),
		.program = "cgfence_bind6",
		.attach_type = BPF_CGROUP_INET6_BIND,
		.type_in_place = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		.wanted = bind_wanted,
		.records = CGFENCE_HOOK_BIND,
		.families = IPV4 | IPV6,
		.protocols = TCP | UDP,
	},
	{
		.name = "post_bind4",
		OBJECT(ports, LEAN, LEAN, ports_are_lean),
		.program = "cgfence_post_bind4",
		.attach_type = BPF_CGROUP_INET4_POST_BIND,
		.type_in_place = BPF_PROG_TYPE_CGROUP_SOCK,
		.wanted = bound_wanted,
		.records = CGFENCE_HOOK_BIND,
		.families = IPV4,
		.protocols = TCP | UDP,
	},
	{
		.name = "post_bind6",
		OBJECT(ports, LEAN, LEAN, ports_are_lean),
		.program = "cgfence_post_bind6",
		.attach_type = BPF_CGROUP_INET6_POST_BIND,
		.type_in_place = BPF_PROG_TYPE_CGROUP_SOCK,
		.wanted = bound_wanted,
		.records = CGFENCE_HOOK_BIND,
		.families = IPV4 | IPV6,
		.protocols = TCP | UDP,
	},
	{
		.name = "sock_create",
		OBJECT(ports, LEAN, LEAN, ports_are_lean),
		.program = "cgfence_sock_create",
		.attach_type = BPF_CGROUP_INET_SOCK_CREATE,
		.type_in_place = BPF_PROG_TYPE_CGROUP_SOCK,
		.wanted = create_wanted,
		.records = CGFENCE_HOOK_CREATE,
		.families = IPV4 | IPV6,
		.protocols = TCP | UDP,
	},
	{
		/* It is told of a listener, and cannot refuse that it listens. */
		.name = "sockops",
		OBJECT(listen, FULL, LEAN, listen_is_lean),
		.program = "cgfence_sockops",
		.attach_type = BPF_CGROUP_SOCK_OPS,
		.type_in_place = BPF_PROG_TYPE_SOCK_OPS,
		.guards = HOOK_BIT(CGFENCE_GUARD_EVENT) | HOOK_BIT(CGFENCE_GUARD_KILL) |
			  HOOK_BIT(CGFENCE_GUARD_MUTE),
		.records = CGFENCE_HOOK_LISTEN,
	},
	{
		.name = "lsm_listen",
		.object = "listen_lsm",
		.versions = { { FULL(listen_lsm), FULL(listen_lsm) },
			      { FULL(standing_listen_lsm), FULL(standing_listen_lsm) } },
		.program = "cgfence_listen",
		.attach_type = BPF_LSM_CGROUP,
		.reads_kernel = true,
		.guards = HOOK_BIT(CGFENCE_GUARD_DENY),
		.records = CGFENCE_HOOK_LISTEN,
		.families = IPV4 | IPV6,
		.protocols = TCP,
	},
};

const int hook_count = sizeof(hooks) / sizeof(hooks[0]);

_Static_assert(sizeof(hooks) / sizeof(hooks[0]) < HOOKS_MAX, "raise HOOKS_MAX");

const void *hook_object(const struct hook *hook, const struct cgfence_image *image, size_t *size)
{
	int kind = image->shared ? HOOK_SHARED : HOOK_ORDINARY;
	bool lean = hook->is_lean && hook->is_lean(image);

	if (image_standing(image)->anchor_id)
		kind = HOOK_STANDING;
	return hook->versions[kind][lean](size);
}

bool hook_may_share(const struct hook *hook)
{
	return hook->versions[HOOK_SHARED][HOOK_FULL];
}

bool hook_is_wanted(const struct hook *hook, const struct cgfence_image *image)
{
	return hook->wanted ? hook->wanted(image) : hook->guards & HOOK_BIT(image->ports.guard);
}

enum cgfence_topic hook_topic(const struct hook *hook)
{
	return cgfence_hook_topic(hook->records);
}

bool hook_judges(const struct hook *hook, enum cgfence_topic topic)
{
	return hook_topic(hook) == topic && (topic == CGFENCE_TOPIC_DEVICES || hook->protocols);
}

bool hook_judges_port(const struct hook *hook, const struct cgfence_port_request *request)
{
	unsigned int families = 0;

	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++)
		families |= request->families[family] ? HOOK_BIT(family) : 0;
	return hook->families & families && hook->protocols & HOOK_BIT(request->protocol);
}

static const struct {
	const char *name;
	enum cgfence_topic topic;
} records[CGFENCE_HOOK_COUNT] = {
	[CGFENCE_HOOK_DEVICE] = { "device", CGFENCE_TOPIC_DEVICES },
	[CGFENCE_HOOK_BIND] = { "bind", CGFENCE_TOPIC_PORTS },
	[CGFENCE_HOOK_LISTEN] = { "listen", CGFENCE_TOPIC_PORTS },
	[CGFENCE_HOOK_CREATE] = { "create", CGFENCE_TOPIC_PORTS },
};

const char *cgfence_hook_name(enum cgfence_hook hook)
{
	return (unsigned int)hook < CGFENCE_HOOK_COUNT ? records[hook].name : "?";
}

enum cgfence_topic cgfence_hook_topic(enum cgfence_hook hook)
{
	return hook < CGFENCE_HOOK_COUNT ? records[hook].topic : CGFENCE_TOPIC_PORTS;
}

const char *cgfence_guard_name(enum cgfence_listen_guard guard)
{
	static const char *const names[] = {
		[CGFENCE_GUARD_NONE] = "none", [CGFENCE_GUARD_EVENT] = "event",
		[CGFENCE_GUARD_KILL] = "kill", [CGFENCE_GUARD_MUTE] = "mute",
		[CGFENCE_GUARD_DENY] = "deny",
	};

	return (size_t)guard < sizeof(names) / sizeof(names[0]) ? names[guard] : "?";
}
