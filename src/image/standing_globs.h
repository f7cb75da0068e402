/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The patterns of a standing fence, compiled. */
#pragma once

#include <cgfence/abi.h>
#include <stddef.h>

struct standing_globs {
	struct cgfence_glob
		*items; /* those of the components below the anchor, and then the exceptions */
	size_t components;
	size_t count;
	unsigned int class_count; /* of the one that has most */
};

/**
 * standing_globs_compile() - compile those of a checked image.
 * @globs: zeroed; to be given to standing_globs_free() also on failure
 *
 * Return: 0 or -ENOMEM.
 */
int standing_globs_compile(const struct cgfence_image *image, struct standing_globs *globs);

/** standing_globs_free() - free them. */
void standing_globs_free(struct standing_globs *globs);
