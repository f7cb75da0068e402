/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a fence remembers of its policy. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * fence_source_read() - what a fence remembers.
 * @map: its map; -1 if it has none
 * @packed: receives it, to be given to free() (policy/memory.h)
 *
 * Return: 0, -ENODATA if it remembers nothing, another -errno.
 */
int fence_source_read(int map, char **packed, struct cgfence_error *error);
