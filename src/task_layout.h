/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * task_layout_read() - where struct task_struct has the fields that a denial records, from the kernel's BTF.
 * @layout: receives the offsets in bytes
 */
int task_layout_read(struct cgfence_task_layout *layout, struct cgfence_error *error);
