/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * netns_read() - which network namespace this process is in.
 * @cookie: receives the cookie, 0 if the kernel has none (before 5.14)
 * @inum: receives the inode number
 */
int netns_read(uint64_t *cookie, uint32_t *inum, struct cgfence_error *error);
