/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * netns_cookie_find() - the cookie of the network namespace of the calling thread, where getsockopt(2) does not tell it.
 * @cookie: receives it; 0 if the kernel does not tell programs either
 *
 * A program on a scratch cgroup sees it (5.7 and later).
 */
int netns_cookie_find(uint64_t *cookie, struct cgfence_error *error);
