/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What fences remember in words, once for all that remember the same. */
#pragma once

#include "policy/device_cache.h"

#include <stdint.h>

struct remembered;

/* All 0 at first; empty when all are dropped. */
struct remembered_set {
	void *tree; /* of tsearch(3) */
};

/**
 * remembered_read() - read what a fence remembers.
 * @words: receives it, to be given to remembered_drop(); NULL if it has no words
 *
 * Return: 0, also if there is no fence; -errno if it cannot be read now.
 */
int remembered_read(struct remembered_set *set, uint64_t id, struct remembered **words);

/** remembered_has_changed() - do the words stand for something else than what the fences enforce? */
bool remembered_has_changed(struct remembered *words, struct device_cache *cache);

/** remembered_drop() - one fence less remembers it; NULL is fine. */
void remembered_drop(struct remembered_set *set, struct remembered *words);
