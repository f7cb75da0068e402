// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/readings.h"
#include "base/cleanup.h"
#include "kernel/kernel_btf.h"
#include "kernel/netns_cookie.h"
#include "kernel/refusal.h"
#include "net/netns.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* Linux 6.3 */
#endif

static void learn_layout(struct fence_programs *set)
{
	struct cgfence_socket_layout *socket = &set->image->socket;
	struct cgfence_task_layout *task = &set->image->task;

	if (!set->knows_layout)
		kernel_btf_read_layout(&set->layout);
	set->knows_layout = true;
	task->tgid_offset = set->layout.tgid;
	task->comm_offset = set->layout.comm;
	socket->net_offset = set->layout.net;
	socket->inum_offset = set->layout.inum;
	socket->v6only_bit = set->layout.v6only;
	socket->port_range_offset = set->layout.port_range;
}

/* BTF that tells of tasks tells of this field too, if the kernel has it. */
static bool kernel_has_port_range(const struct kernel_layout *layout)
{
	cleanup_close int fd = -1;
	socklen_t size = sizeof(int);
	int range = 0;

	if (kernel_layout_has(layout, KERNEL_LAYOUT_TASK))
		return kernel_layout_has(layout, KERNEL_LAYOUT_PORT_RANGE);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && getsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, &size) == 0;
}

/*
 * If neither getsockopt(2) tells the cookie of a network namespace nor can programs read its inode number, they can still
 * compare cookies, except sockops programs.
 */
static int choose_netns(struct fence_programs *set, const struct netns_identity *here,
			struct cgfence_error *error)
{
	struct cgfence_socket_layout *socket = &set->image->socket;
	struct cgfence_port_table *ports = &set->image->ports;
	uint64_t cookie = 0;
	int result = 0;

	if (here->cookie && ports->netns_cookie) {
		socket->netns_by = socket->sockops_netns_by = CGFENCE_NETNS_BY_COOKIE;
		return 0;
	}
	if (set->reads && kernel_layout_has(&set->layout, KERNEL_LAYOUT_NETNS)) {
		socket->netns_by = socket->sockops_netns_by = CGFENCE_NETNS_BY_INUM;
		return 0;
	}
	/* A change may keep a network namespace that is not that of this process. */
	if (!ports->netns_cookie && here->inum == ports->netns_inum)
		result = netns_cookie_find(&cookie, error);
	if (result)
		return result;
	if (cookie)
		ports->netns_cookie = cookie;
	socket->netns_by = ports->netns_cookie ? CGFENCE_NETNS_BY_COOKIE : CGFENCE_NETNS_UNKNOWN;
	socket->sockops_netns_by = CGFENCE_NETNS_UNKNOWN;
	return 0;
}

/* In its own network namespace a fence goes by the range of the moment. */
static int read_ephemeral_range(struct cgfence_port_table *ports, struct cgfence_error *error)
{
	int result = netns_read_ephemeral_range(&ports->ephemeral_low, &ports->ephemeral_high,
						ports->netns_any ? error : NULL);

	return ports->netns_any ? result : 0;
}

static int choose_for_ports(struct fence_programs *set, struct cgfence_error *error)
{
	struct cgfence_socket_layout *socket = &set->image->socket;
	struct cgfence_port_table *ports = &set->image->ports;
	struct netns_identity here;
	int result = netns_read(&here, error);

	if (result == 0 && !ports->netns_inum)
		result = read_ephemeral_range(ports, error);
	if (result)
		return result;
	if (!ports->netns_inum) {
		ports->netns_cookie = here.cookie;
		ports->netns_inum = here.inum;
	}
	learn_layout(set);
	/* What needs no look at the socket is left out of the programs, and of the memory that they take. */
	socket->has_v6only_bit = set->reads && set->image->ports.by_family &&
				 kernel_layout_has(&set->layout, KERNEL_LAYOUT_V6ONLY);
	socket->has_port_range = set->reads &&
				 kernel_layout_has(&set->layout, KERNEL_LAYOUT_PORT_RANGE);
	socket->port_range_unread = !socket->has_port_range && kernel_has_port_range(&set->layout);
	return choose_netns(set, &here, error);
}

int readings_choose(struct fence_programs *set, struct cgfence_error *error)
{
	struct cgfence_task_layout *task = &set->image->task;

	task->device_by = task->ports_by = task->sockops_by = CGFENCE_TASK_BY_HELPER;
	if (!set->image->ports.fenced)
		return 0;
	if (refusal_of_reads_known())
		set->reads = false;
	return choose_for_ports(set, error);
}

bool readings_reduce_task(struct fence_programs *set, __u8 *by)
{
	if (*by == CGFENCE_TASK_UNKNOWN)
		return false;
	if (*by == CGFENCE_TASK_BY_HELPER)
		learn_layout(set);
	*by = *by == CGFENCE_TASK_BY_HELPER && set->reads &&
			      kernel_layout_has(&set->layout, KERNEL_LAYOUT_TASK)
		      ? CGFENCE_TASK_BY_OFFSET
		      : CGFENCE_TASK_UNKNOWN;
	return true;
}

static bool reads_anything(const struct cgfence_image *image)
{
	return image->socket.has_v6only_bit || image->socket.has_port_range ||
	       image->socket.netns_by == CGFENCE_NETNS_BY_INUM ||
	       image->task.device_by == CGFENCE_TASK_BY_OFFSET ||
	       image->task.ports_by == CGFENCE_TASK_BY_OFFSET;
}

/* All programs begin anew, for what they were refused may have been only this. */
static bool read_nothing(struct fence_programs *set)
{
	bool reads = set->reads && reads_anything(set->image);

	set->reads = false;
	return reads && readings_choose(set, NULL) == 0;
}

bool readings_reduce(struct fence_programs *set)
{
	struct cgfence_task_layout *task = &set->image->task;
	__u8 *by;

	if (set->refused < 0)
		return false;
	by = hooks[set->refused].records == CGFENCE_HOOK_DEVICE ? &task->device_by
								: &task->ports_by;
	if (set->reads && reads_anything(set->image) && refusal_of_reads())
		return read_nothing(set);
	return readings_reduce_task(set, by) || read_nothing(set);
}
