// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which images are known from earlier passes, and how long. */
#include "reconcile/port_images.h"

#include <criterion/criterion.h>
#include <stdlib.h>

TestSuite(port_images);

/* An image of its own, which says @generation. */
static struct port_image *make(uint32_t program_id, uint64_t generation)
{
	struct cgfence_image *image = calloc(1, sizeof(*image));

	image->generation = generation;
	return port_image_new(program_id, image);
}

/* The generation of the image that is known; 0 if there is none. */
static uint64_t known(const struct port_images *images, uint32_t program_id)
{
	const struct port_image *found = port_images_find(images, program_id);

	return found ? found->image->generation : 0;
}

static void add(struct port_images *images, uint32_t program_id, uint64_t generation)
{
	struct port_image *image = make(program_id, generation);

	port_images_add(images, image);
	port_image_drop(image);
}

Test(port_images, one_is_found_by_its_program)
{
	struct port_images images = { 0 };

	cr_expect_eq(known(&images, 10), 0);
	add(&images, 4000000000, 23);
	add(&images, 10, 20);
	add(&images, 11, 21);
	port_images_sort(&images);
	cr_expect_eq(known(&images, 10), 20);
	cr_expect_eq(known(&images, 11), 21);
	cr_expect_eq(known(&images, 4000000000), 23);
	cr_expect_eq(known(&images, 12), 0, "another program");
	port_images_free(&images);
	cr_expect_eq(known(&images, 10), 0);
}

Test(port_images, a_program_that_is_not_known_has_none)
{
	struct port_images images = { 0 };

	add(&images, 0, 20);
	port_images_sort(&images);
	cr_expect_eq(known(&images, 0), 0);
	port_images_free(&images);
}

Test(port_images, one_lives_until_its_last_user_is_gone)
{
	struct port_images images = { 0 };
	struct port_image *user;

	add(&images, 10, 20);
	user = port_image_use(port_images_find(&images, 10));
	cr_expect_eq(user->users, 2);
	port_images_free(&images);
	cr_expect_eq(user->users, 1);
	cr_expect_eq(user->image->generation, 20);
	port_image_drop(user);
	port_image_drop(NULL);
}
