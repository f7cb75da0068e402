/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel memory of a fence. Without Criterion, for tests and benchmarks alike. */
#pragma once

#include <cgfence/cgfence.h>
#include <stdint.h>

#define MEMORY_MAPS_MAX 64

struct memory {
	/*
	 * The figures that bpftool shows as memlock too, of all programs and maps except those of the host, and the
	 * machine code, which these figures leave out.
	 */
	size_t bytes;
	uint32_t policy_map; /* id of the map with the compiled policy */
	uint32_t maps[MEMORY_MAPS_MAX];
	size_t map_count;
};

/** memory_of_object() - what the kernel counts for a map or program, in bytes; 0 if that is not known. */
size_t memory_of_object(int fd);

/** memory_of_pins() - weigh what the links of the fence of this id lead to. Return: 0 or -errno. */
int memory_of_pins(uint64_t id, struct memory *memory);

/** memory_of_fence() - the same of the fence of a cgroup. */
int memory_of_fence(const struct cgfence_cgroup *cgroup, struct memory *memory);
