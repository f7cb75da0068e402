// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/load.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/error.h"
#include "kernel/layout.h"
#include "kernel/kill_trace.h"
#include "net/netns.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A directory that says that this kernel refused the LSM program since it booted; trying takes 15 ms. */
#define LSM_REFUSED PINS_ROOT "/lsm_refused"
#define LSM_LIST "/sys/kernel/security/lsm"

void fence_programs_init(struct fence_programs *set)
{
	set->image = NULL;
	for (int i = 0; i < HOOK_COUNT; i++)
		set->programs[i] = -1;
}

static void close_programs(struct fence_programs *set)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		cleanup_close_descriptor(&set->programs[i]);
		set->programs[i] = -1;
	}
}

void fence_programs_release(struct fence_programs *set)
{
	close_programs(set);
	free(set->image);
	set->image = NULL;
}

/* If in doubt, yes: loading is what tells. */
static bool may_take_lsm(void)
{
	cleanup_close int fd = open(LSM_LIST, O_RDONLY | O_CLOEXEC);
	char names[256] = "";

	if (access(LSM_REFUSED, F_OK) == 0)
		return false;
	return fd < 0 || read(fd, names, sizeof(names) - 1) <= 0 || strstr(names, "bpf");
}

static int load_object(struct fence_programs *set, enum hook_object object, struct fence_maps *maps,
		       struct cgfence_error *error)
{
	return programs_load(object, set->image, maps, set->programs, error);
}

static int create_policy_map(struct fence_programs *set, struct fence_maps *maps,
			     struct cgfence_error *error)
{
	int result;

	close_programs(set);
	cleanup_close_descriptor(&maps->policy);
	maps->policy = -1;
	result = fence_maps_create_policy(set->image, &maps->policy, error);
	/* Programs are given the policy by the name of its map. */
	return result ? result : fence_maps_check_names(maps, error);
}

/* Beside 0 and -errno: the kernel does not take this guard, and another must do. */
#define GUARD_REFUSED 1

/* In the kernel only (include/linux/errno.h), but bpf(2) lets it out. */
#define KERNEL_ENOTSUPP 524

/*
 * What the kernel, or libbpf that looks at the kernel, answers to a program that it does not know or take. Anything else
 * may be otherwise the next time, and must not weaken a fence.
 */
static bool is_refusal(int result)
{
	return result == -EINVAL || result == -EACCES || result == -ENOTSUP ||
	       result == -KERNEL_ENOTSUPP || result == -ESRCH || result == -ENOENT;
}

static int try_guard(struct fence_programs *set, enum cgfence_listen_guard guard,
		     struct fence_maps *maps, struct cgfence_error *error)
{
	enum hook_object object = guard == CGFENCE_GUARD_DENY ? HOOK_OBJECT_LISTEN_LSM
							      : HOOK_OBJECT_LISTEN;
	int result;

	set->image->ports.guard = guard;
	result = create_policy_map(set, maps, error);
	if (result)
		return result;
	result = load_object(set, object, maps, error);
	/* Where programs need a trampoline that is locked away. */
	if (guard == CGFENCE_GUARD_DENY && result == -EPERM)
		return GUARD_REFUSED;
	return is_refusal(result) ? GUARD_REFUSED : result;
}

/* What is remembered until the next boot must be said twice. */
static int try_lsm_guard(struct fence_programs *set, struct fence_maps *maps,
			 struct cgfence_error *error)
{
	int result = GUARD_REFUSED;

	if (!may_take_lsm())
		return GUARD_REFUSED;
	for (int i = 0; i < 2 && result == GUARD_REFUSED; i++)
		result = try_guard(set, CGFENCE_GUARD_DENY, maps, error);
	if (result == GUARD_REFUSED)
		mkdir(LSM_REFUSED, 0700);
	return result;
}

/* The helpers for the current task came to sockops programs last. */
static int try_sockops_guard(struct fence_programs *set, enum cgfence_listen_guard guard,
			     struct fence_maps *maps, struct cgfence_error *error)
{
	struct cgfence_image *image = set->image;
	int result = try_guard(set, guard, maps, error);

	if (result != GUARD_REFUSED || image->task.sockops_by_offset ||
	    kernel_layout_read(&image->task, &image->socket, NULL))
		return result;
	image->task.sockops_by_offset = 1;
	result = try_guard(set, guard, maps, error);
	if (result)
		image->task.sockops_by_offset = 0;
	return result;
}

/* Where sockops programs may not send signals, one program kills for all fences, and this one keeps the records. */
static int try_kill_guard(struct fence_programs *set, struct fence_maps *maps,
			  struct cgfence_error *error)
{
	int result = try_sockops_guard(set, CGFENCE_GUARD_KILL, maps, error);

	if (result != GUARD_REFUSED)
		return result;
	set->image->ports.killed_by_trace = 1;
	result = kill_trace_probe(error);
	if (result == 0)
		result = try_sockops_guard(set, CGFENCE_GUARD_KILL, maps, error);
	if (result)
		set->image->ports.killed_by_trace = 0;
	return is_refusal(result) ? GUARD_REFUSED : result;
}

/* Leaves the strongest guard that loads in the image, and its program loaded. */
static int choose_guard(struct fence_programs *set, struct fence_maps *maps,
			struct cgfence_error *error)
{
	int result = GUARD_REFUSED;

	if (hook_guards_tcp(set->image)) {
		result = try_lsm_guard(set, maps, error);
		if (result == GUARD_REFUSED &&
		    set->image->ports.on_violation == POLICY_ON_VIOLATION_KILL)
			result = try_kill_guard(set, maps, error);
		if (result == GUARD_REFUSED)
			result = try_sockops_guard(set, CGFENCE_GUARD_EVENT, maps, error);
	}
	if (result != GUARD_REFUSED)
		return result;
	set->image->ports.guard = CGFENCE_GUARD_NONE;
	return create_policy_map(set, maps, error);
}

static int load_all(struct fence_programs *set, struct fence_maps *maps,
		    struct cgfence_error *error)
{
	int result = maps->events >= 0 ? 0 : fence_maps_open_events(&maps->events, error);

	if (result == 0)
		result = programs_make_records(maps, error);
	if (result == 0)
		result = choose_guard(set, maps, error);
	if (result == 0)
		result = load_object(set, HOOK_OBJECT_DEVICE, maps, error);
	if (result == 0)
		result = load_object(set, HOOK_OBJECT_PORTS, maps, error);
	return result;
}

/* May a port be assigned for one family and not for the other? */
static bool families_differ(const struct cgfence_port_table *ports)
{
	for (int protocol = 0; protocol < CGFENCE_PROTOCOL_COUNT; protocol++) {
		if (memcmp(&ports->assigned[protocol][CGFENCE_IPV4],
			   &ports->assigned[protocol][CGFENCE_IPV6],
			   sizeof(ports->assigned[0][0])) != 0)
			return true;
	}
	return memcmp(&ports->isolated[CGFENCE_IPV4], &ports->isolated[CGFENCE_IPV6],
		      sizeof(ports->isolated[0])) != 0;
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
	image->socket.netns_by_inum = !image->ports.netns_any && !image->ports.netns_cookie;
	if (!image->socket.netns_by_inum && !families_differ(&image->ports))
		return 0;
	result = kernel_layout_read(&image->task, &image->socket, error);
	/* Without it, a socket that serves only IPv6 is taken for one that serves both. */
	return image->socket.netns_by_inum ? result : 0;
}

/*
 * Kernels before 5.12 load a bind program that waives the capability, and take no notice of what it returns. Atomic
 * instructions that fetch came with the same release.
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
