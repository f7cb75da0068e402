/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program that kills listeners for all fences of the host, where a fence's own may not send signals. */
#pragma once

#include <cgfence/cgfence.h>

/** kill_trace_set() - have listeners of a fence killed by what @image allows; loads the program if need be. */
int kill_trace_set(const struct cgfence_image *image, struct cgfence_error *error);

/** kill_trace_probe() - does the running kernel take the program? Return: 0 or -errno. */
int kill_trace_probe(struct cgfence_error *error);

/** kill_trace_wanted() - is that how listeners of a fence die? An audit kills nothing. */
bool kill_trace_wanted(const struct cgfence_image *image);

/** kill_trace_check() - tell whether the program does for a fence what @image wants, and no more. */
int kill_trace_check(const struct cgfence_image *image, bool *right, struct cgfence_error *error);

/** kill_trace_clear() - leave a fence alone; the program goes with the last one. */
int kill_trace_clear(uint64_t cgroup_id, struct cgfence_error *error);
