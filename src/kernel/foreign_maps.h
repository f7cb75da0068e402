/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of a program of somebody else: its answers may depend on them, and they may hold the numbers of devices. */
#pragma once

#include <cgfence/error.h>

#include <stddef.h>
#include <stdint.h>

/**
 * foreign_maps_check_asking() - does a program answer on another cgroup as it does where it is attached?
 * @program: its descriptor
 *
 * It does not where it keeps something for each cgroup or process, which is empty for a new one.
 *
 * Return: 0, -ENOTSUP with the map, another -errno if that cannot be told.
 */
int foreign_maps_check_asking(int program, struct cgfence_error *error);

/**
 * foreign_maps_visitor() - is given an entry of a map.
 * @words: its key and then its value, each by 32 bits
 *
 * Return: 0 to go on, or -errno.
 */
typedef int foreign_maps_visitor(const uint32_t *words, size_t count, void *context);

/**
 * foreign_maps_read() - visit what the maps of a program hold.
 * @program: its descriptor
 *
 * Maps that only take what the program writes are left out.
 *
 * Return: 0, -ENOTSUP with the map for one whose content cannot be read, -E2BIG with the map for one that has too many
 * entries, what @visit returned, another -errno.
 */
int foreign_maps_read(int program, foreign_maps_visitor *visit, void *context,
		      struct cgfence_error *error);
