/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The BPF objects in the kernel, to find leaks. */
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

/** kernel_objects_named() - those of all fences of the host, remains included; other tests may run at the same time. */
struct kernel_objects kernel_objects_named(void);

/**
 * kernel_objects_settle() - wait until a fence has one policy map and as many programs as links.
 *
 * Replaced objects go only after a grace period of the kernel.
 *
 * Return: its objects then, or after ten seconds.
 */
struct kernel_objects kernel_objects_settle(uint64_t cgroup_id);

/** kernel_objects_descriptors() - how many descriptors this process has open. */
unsigned int kernel_objects_descriptors(void);
