/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program that kills listeners for all fences of the host, where a fence's own may not send signals. */
#pragma once

#include <cgfence/cgfence.h>

/** kill_trace_set() - have the listeners of a fence that @image does not allow killed; loads the program if needed. */
int kill_trace_set(const struct cgfence_image *image, struct cgfence_error *error);

/** kill_trace_probe() - does the running kernel take the program? Return: 0 or -errno. */
int kill_trace_probe(struct cgfence_error *error);

/** kill_trace_wanted() - does the trace program kill for a fence? An audit kills nothing. */
bool kill_trace_wanted(const struct cgfence_image *image);

/** kill_trace_check() - does the program do for a fence exactly what @image wants? */
int kill_trace_check(const struct cgfence_image *image, bool *right, struct cgfence_error *error);

/** kill_trace_clear() - leave a fence alone; the program goes with the last one. */
int kill_trace_clear(uint64_t cgroup_id, struct cgfence_error *error);
