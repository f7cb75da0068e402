/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a service manager tells a process by its environment, for a command that stands in its place. */
#pragma once

#include <sys/types.h>

/**
 * environment_take_over() - what was meant for another process is meant for the calling one.
 * @from: that process, which is alive
 *
 * Variables that name @from name the caller afterwards. What names somebody else stays as it is.
 */
void environment_take_over(pid_t from);
