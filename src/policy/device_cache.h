/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What words stand for at one moment, so that those of many policies are looked up once. */
#pragma once

#include "policy/device_resolve.h"

/* All 0 at first. */
struct device_cache {
	void *tree; /* of tsearch(3) */
	struct drivers drivers;
};

/**
 * device_cache_resolve() - device_resolve(), or device_resolve_path() if there is a path, with DEVICE_AGAIN.
 * @text: the entry, or the path of one
 * @entries: receives the numbers, without their access if @text is a path; they live as long as the cache
 *
 * Return: as device_resolve().
 */
int device_cache_resolve(struct device_cache *cache, const char *text, bool is_path,
			 unsigned int flags, const struct device_entries **entries);

/** device_cache_clear() - forget all. */
void device_cache_clear(struct device_cache *cache);
