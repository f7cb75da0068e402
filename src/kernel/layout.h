/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Offsets of fields of kernel structures that no helper tells, from the kernel's BTF. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What is known; a kernel without BTF tells nothing. */
enum kernel_layout_part {
	KERNEL_LAYOUT_TASK = 1,
	KERNEL_LAYOUT_NETNS = 2,
	KERNEL_LAYOUT_V6ONLY = 4,
	KERNEL_LAYOUT_PORT_RANGE = 8,
	KERNEL_LAYOUT_CGROUPS = 16,
};

/* Offsets as struct cgfence_task_layout and struct cgfence_socket_layout have them. */
struct kernel_layout {
	uint32_t known; /* of enum kernel_layout_part */
	uint32_t tgid;
	uint32_t comm;
	uint32_t net;
	uint32_t inum;
	uint32_t v6only; /* in bits, from the low one of its byte */
	uint32_t port_range;
	/* As struct cgfence_cgroup_layout has them. */
	uint32_t task_set;
	uint32_t set_cgroup;
	uint32_t socket_cgroup;
	uint32_t level;
	uint32_t ancestors;
	uint32_t ancestors_are_ids;
	uint32_t node;
	uint32_t node_id;
};

struct btf;

/** kernel_layout_find() - find the fields; @btf: NULL for a kernel without. */
void kernel_layout_find(const struct btf *btf, struct kernel_layout *layout);

/** kernel_layout_has() - is all of this known? @parts: of enum kernel_layout_part */
static inline bool kernel_layout_has(const struct kernel_layout *layout, uint32_t parts)
{
	return (layout->known & parts) == parts;
}
