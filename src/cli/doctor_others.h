/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "report/finding.h"

/** doctor_look_at_others() - find the programs of others on the cgroups of this host, and those that forbid fences. */
void doctor_look_at_others(struct findings *findings);

/**
 * doctor_exclusive_remedy() - what to do where a program was attached without BPF_F_ALLOW_MULTI.
 * @cgroup: the path of the cgroup that has it
 *
 * Return: to be given to free(); NULL if out of memory.
 */
char *doctor_exclusive_remedy(const char *cgroup);
