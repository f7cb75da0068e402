/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a fence does without, because the kernel refuses it. */
#pragma once

#include <cgfence/cgfence.h>

#define FENCE_MISSING_MAX 16

/**
 * fence_missing_from() - what the programs of a fence do without.
 * @image: the policy in force
 * @names: receives static names, ended by NULL
 *
 * Return: their number.
 */
size_t fence_missing_from(const struct cgfence_image *image, const char *names[FENCE_MISSING_MAX]);

/** fence_missing() - the same, with what the reconciler does without on this host. */
size_t fence_missing(const struct cgfence_image *image, const char *names[FENCE_MISSING_MAX]);
