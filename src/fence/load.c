// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/load.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "image/image.h"
#include "fence/guard.h"
#include "fence/readings.h"
#include "kernel/error.h"
#include "kernel/programs.h"
#include "kernel/refusal.h"
#include "kernel/source_map.h"

#include <bpf/bpf.h>

static int open_events(const struct fence_programs *set, struct fence_maps *maps,
		       struct cgfence_error *error)
{
	return image_learns(set->image) ? fence_maps_create_events(&maps->events, error)
					: fence_maps_open_events(&maps->events, error);
}

static int load_all(struct fence_programs *set, struct fence_maps *maps,
		    struct cgfence_error *error)
{
	int result = maps->events >= 0 ? 0 : open_events(set, maps, error);

	if (result == 0)
		result = set->image->shared
				 ? programs_make_asked(maps, error)
				 : programs_make_records(
					   maps, image_standing(set->image)->anchor_id, error);
	if (result == 0)
		result = fence_guard_choose(set, maps, error);
	if (result == 0)
		result = fence_programs_load_wanted(set, false, maps, error);
	return result;
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

static int bind_source(const struct fence_programs *set, struct cgfence_error *error)
{
	int result = 0;

	for (int i = 0; i < hook_count && set->source >= 0 && result == 0; i++) {
		if (set->programs[i] >= 0)
			result = source_map_bind(set->source, set->programs[i], error);
	}
	return result;
}

int fence_programs_load(struct fence_programs *set, struct fence_maps *maps,
			struct cgfence_error *error)
{
	struct cgfence_port_table *ports = &set->image->ports;
	int result = readings_choose(set, error);
	const char *reason;

	if (ports->fenced && !ports->since_ns)
		ports->since_ns = boot_time_ns();
	if (result == 0 && ports->privileged)
		result = check_capability_waiver(error);
	if (result)
		return result;
	do
		result = load_all(set, maps, error);
	while (refusal_is(result) && readings_reduce(set));
	reason = refusal_is(result) ? refusal_reason() : NULL;
	if (reason)
		error_wrap(error, "%s", reason);
	return result ? result : bind_source(set, error);
}
