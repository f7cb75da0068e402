// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/load.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/guard.h"
#include "kernel/error.h"
#include "kernel/layout.h"
#include "kernel/programs.h"
#include "net/netns.h"

#include <bpf/bpf.h>
#include <string.h>

static int load_all(struct fence_programs *set, struct fence_maps *maps,
		    struct cgfence_error *error)
{
	int result = maps->events >= 0 ? 0 : fence_maps_open_events(&maps->events, error);

	if (result == 0)
		result = programs_make_records(maps, error);
	if (result == 0)
		result = fence_guard_choose(set, maps, error);
	if (result == 0)
		result = fence_programs_load_wanted(set, false, maps, error);
	return result;
}

/* May a port be assigned for one family and not for the other? Equal bitmaps are shared, so their places are equal. */
static bool families_differ(const struct cgfence_port_table *ports)
{
	for (int protocol = 0; protocol < CGFENCE_PROTOCOL_COUNT; protocol++) {
		if (memcmp(&ports->allowed[protocol][CGFENCE_IPV4],
			   &ports->allowed[protocol][CGFENCE_IPV6],
			   sizeof(ports->allowed[0][0])) != 0)
			return true;
	}
	return false;
}

static int describe_netns(struct cgfence_port_table *ports, struct cgfence_error *error)
{
	struct netns_identity netns;
	int result = netns_read(&netns, error);

	if (result)
		return result;
	netns_read_ephemeral_range(&ports->ephemeral_low, &ports->ephemeral_high);
	ports->netns_cookie = netns.cookie;
	ports->netns_inum = netns.inum;
	return 0;
}

/* What the port programs must know of this host. Equal bitmaps are shared, so families that agree have equal ones. */
static int describe_host(struct cgfence_image *image, struct cgfence_error *error)
{
	int result = 0;

	if (!image->ports.fenced)
		return 0;
	if (!image->ports.netns_inum)
		result = describe_netns(&image->ports, error);
	if (result)
		return result;
	if (!image->ports.since_ns)
		image->ports.since_ns = boot_time_ns();
	image->socket.netns_by_inum = !image->ports.netns_cookie;
	result = kernel_layout_read(&image->task, &image->socket, error);
	/* What needs no look at the socket is left out of the programs, and of the memory that they take. */
	image->socket.has_v6only_bit = image->socket.has_v6only_bit &&
				       families_differ(&image->ports);
	/*
	 * Without it, a socket that serves only IPv6 is taken for one that serves both, and one whose port the process
	 * chose by IP_LOCAL_PORT_RANGE for a client.
	 */
	return image->socket.netns_by_inum && !image->ports.netns_any ? result : 0;
}

/*
 * Kernels before 5.12 load a bind program that waives the capability, and ignore its return value. Atomic instructions
 * that fetch came with the same release.
 */
static int check_capability_waiver(struct cgfence_error *error)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = 1 },
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW,
		  .dst_reg = BPF_REG_10,
		  .src_reg = BPF_REG_1,
		  .off = -8,
		  .imm = BPF_ADD | BPF_FETCH },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	cleanup_close int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, NULL, "GPL", program,
					     sizeof(program) / sizeof(program[0]), NULL);

	if (fd >= 0)
		return 0;
	if (errno != EINVAL)
		return kernel_error(error, errno, "find out whether privileged_ports works here");
	return error_set(
		error, ENOTSUP,
		"privileged_ports needs Linux 5.12; leave it out, and give the workload CAP_NET_BIND_SERVICE");
}

int fence_programs_load(struct fence_programs *set, struct fence_maps *maps,
			struct cgfence_error *error)
{
	struct cgfence_image *image = set->image;
	int result = describe_host(image, error);

	if (result == 0 && image->ports.privileged)
		result = check_capability_waiver(error);
	if (result)
		return result;
	result = load_all(set, maps, error);
	/* Kernels without helpers for the current task (5.10) refuse the first try; the second needs their BTF. */
	if (result == -EINVAL && kernel_layout_read(&image->task, &image->socket, NULL) == 0) {
		image->task.by_offset = 1;
		result = load_all(set, maps, error);
	}
	return result;
}
