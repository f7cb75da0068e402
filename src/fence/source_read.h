/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * fence_source_read() - what a fence remembers.
 * @id: of its map; 0 if it has none
 * @packed: receives it, to be given to free() (policy/memory.h)
 *
 * Return: 0, -ENODATA if it remembers nothing, another -errno.
 */
int fence_source_read(uint32_t id, char **packed, struct cgfence_error *error);
