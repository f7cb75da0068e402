/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel holds of BPF, to find what was leaked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct kernel_objects {
	unsigned int programs;
	unsigned int policies; /* policy maps */
	unsigned int maps;     /* all others */
	unsigned int links;
};

/** kernel_objects_of() - those that belong to the fence of one cgroup, whoever holds them. */
struct kernel_objects kernel_objects_of(uint64_t cgroup_id);

/** kernel_objects_named() - those of all fences of the host and their remains; other tests may run beside this one. */
struct kernel_objects kernel_objects_named(void);

/**
 * kernel_objects_settle() - wait until a fence has one policy map and as many programs as links.
 *
 * What was replaced goes only after a grace period of the kernel's.
 *
 * Return: what it has then, or after ten seconds.
 */
struct kernel_objects kernel_objects_settle(uint64_t cgroup_id);

/** kernel_objects_descriptors() - how many descriptors this process has open. */
unsigned int kernel_objects_descriptors(void);
