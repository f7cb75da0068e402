/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Offsets of fields of kernel structures that no helper tells, from the kernel's BTF. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * kernel_layout_read() - find the fields.
 * @task: receives the offsets; its by_offset flags are unchanged
 * @socket: receives the offsets, and has_v6only_bit; netns_by_inum is unchanged
 *
 * Reading the BTF takes 10 to 20 ms, so what was found is kept in a pinned map until the host goes down.
 */
int kernel_layout_read(struct cgfence_task_layout *task, struct cgfence_socket_layout *socket,
		       struct cgfence_error *error);
