/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The policy as the kernel programs read it. */
#pragma once

#include "policy/policy.h"

/**
 * image_compile() - make the image of a policy.
 * @generation: of the policy in its fence, from 1
 * @ephemeral: the cgroup was made for one command
 * @image: receives the image, to be given to free(); image->size bytes long
 *
 * Return: 0 or -ENOMEM.
 */
int image_compile(const struct cgfence_policy *policy, uint64_t generation, bool ephemeral,
		  struct cgfence_image **image, struct cgfence_error *error);

/**
 * image_compile_standing() - the same for a standing fence.
 * @pattern: of its members
 *
 * It fills in what of image->standing is of the policy: where the pattern and the exceptions are.
 */
int image_compile_standing(const struct cgfence_policy *policy, uint64_t generation,
			   const char *pattern, struct cgfence_image **image,
			   struct cgfence_error *error);

/** image_standing() - what an image of a standing fence is for; all 0 if it is of another. */
const struct cgfence_standing *image_standing(const struct cgfence_image *image);

/** image_fence_id() - the id of the fence root, or of the standing fence. */
static inline uint64_t image_fence_id(const struct cgfence_image *image)
{
	return image->cgroup_id & ~CGFENCE_LEARNING_BIT;
}

/** image_learns() - does the fence tell each audited request? */
static inline bool image_learns(const struct cgfence_image *image)
{
	return image->cgroup_id & CGFENCE_LEARNING_BIT;
}

/** image_pattern() - a copy of the pattern of a standing fence; NULL if out of memory, or if it is none. */
char *image_pattern(const struct cgfence_image *image);

/**
 * image_check() - is this an image that this version made, whole?
 * @size: the bytes that are there
 *
 * Return: 0, or -EINVAL with the fault.
 */
int image_check(const struct cgfence_image *image, size_t size, struct cgfence_error *error);

/**
 * image_decompile() - the policy that a checked image was made from.
 *
 * Return: 0, -EINVAL if its name is none, -ENOMEM.
 */
int image_decompile(const struct cgfence_image *image, struct cgfence_policy **policy,
		    struct cgfence_error *error);
