/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was found in the BTF of the kernel, as a pinned map keeps it. */
#pragma once

#include "kernel/layout.h"

#include <stddef.h>

#define FACTS_TARGETS_MAX 8
#define FACTS_BTF_MAX (64 * 1024)

struct facts {
	uint64_t wanted;   /* digest of what was looked for */
	uint64_t kernel;   /* digest of which kernel it is */
	uint64_t checksum; /* of all that follows */
	struct kernel_layout layout;
	uint32_t targets[FACTS_TARGETS_MAX];
	uint32_t size; /* of the BTF that was extracted */
	uint8_t btf[];
};

/**
 * facts_recall() - what an earlier command left.
 * @wanted: digest of what is looked for now
 *
 * Return: the facts, to be given to free(); NULL if there are none of this kernel, or not those.
 */
struct facts *facts_recall(uint64_t wanted);

/** facts_remember() - fill in digests and checksum, and pin them in place of others; if that fails, they are not kept. */
void facts_remember(struct facts *facts, uint64_t wanted);
