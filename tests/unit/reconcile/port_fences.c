// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finding a fence by its id, and what is remembered of fences. */
#include "reconcile/port_fences.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define FENCES 3

static const uint64_t ids[FENCES] = { 5, 4294967301, 18446744073709551615U };

/* Fence i has the program 10 + i, and an image that says generation 20 + i. */
static struct port_fences make_fences(void)
{
	struct port_fences fences = { .items = calloc(FENCES, sizeof(*fences.items)) };

	for (size_t i = 0; i < FENCES; i++) {
		struct port_fence *fence = &fences.items[fences.count++];

		fence->id = ids[i];
		fence->program_id = (uint32_t)(10 + i);
		fence->image = calloc(1, sizeof(*fence->image));
		fence->image->size = sizeof(*fence->image);
		fence->image->generation = 20 + i;
	}
	return fences;
}

/* The generation of the image that is remembered; 0 if there is none. */
static uint64_t remembered(const struct port_fence_cache *cache, uint64_t id, uint32_t program_id)
{
	struct cgfence_image *image = port_fence_cache_copy(cache, id, program_id);
	uint64_t generation = image ? image->generation : 0;

	free(image);
	return generation;
}

Test(port_fences, each_is_found_by_its_id)
{
	struct port_fences none = { 0 };
	struct port_fences fences = make_fences();

	for (size_t i = 0; i < FENCES; i++)
		cr_expect_eq(port_fences_find(&fences, ids[i]), i);
	cr_expect_eq(port_fences_find(&fences, 6), PORT_FENCE_NONE);
	cr_expect_eq(port_fences_find(&none, 5), PORT_FENCE_NONE);
	port_fences_free(&fences);
}

Test(port_fences, an_image_is_remembered_as_long_as_the_program_is_the_same)
{
	struct port_fence_cache cache = { 0 };
	struct port_fences fences = make_fences();

	cr_expect_eq(remembered(&cache, ids[0], 10), 0);
	port_fence_cache_keep(&cache, &fences);
	for (size_t i = 0; i < FENCES; i++)
		cr_expect_eq(remembered(&cache, ids[i], (uint32_t)(10 + i)), 20 + i);
	cr_expect_eq(remembered(&cache, ids[0], 11), 0, "another program");
	cr_expect_eq(remembered(&cache, 6, 10), 0, "another fence");
	port_fence_cache_free(&cache);
	port_fences_free(&fences);
}

Test(port_fences, a_program_that_is_not_known_has_no_image)
{
	struct port_fence_cache cache = { 0 };
	struct port_fences fences = make_fences();

	fences.items[1].program_id = 0;
	port_fence_cache_keep(&cache, &fences);
	cr_expect_eq(remembered(&cache, ids[1], 0), 0);
	port_fence_cache_free(&cache);
	port_fences_free(&fences);
}

Test(port_fences, what_is_not_kept_again_is_forgotten)
{
	struct port_fence_cache cache = { 0 };
	struct port_fences fences = make_fences();
	struct port_fences less = { .items = fences.items, .count = 1 };

	port_fence_cache_keep(&cache, &fences);
	/* Of a new program the image is taken, of one that is known the one that is remembered stays. */
	fences.items[0].program_id = 99;
	fences.items[0].image->generation = 30;
	fences.items[1].image->generation = 31;
	port_fence_cache_keep(&cache, &fences);
	cr_expect_eq(remembered(&cache, ids[0], 10), 0);
	cr_expect_eq(remembered(&cache, ids[0], 99), 30);
	cr_expect_eq(remembered(&cache, ids[1], 11), 21);
	port_fence_cache_keep(&cache, &less);
	cr_expect_eq(remembered(&cache, ids[0], 99), 30);
	cr_expect_eq(remembered(&cache, ids[1], 11), 0);
	cr_expect_eq(remembered(&cache, ids[2], 12), 0);
	port_fence_cache_free(&cache);
	port_fences_free(&fences);
}
