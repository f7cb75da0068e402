// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/port_images.h"
#include "base/array.h"

struct port_image *port_image_new(uint32_t program_id, struct cgfence_image *image)
{
	struct port_image *made = malloc(sizeof(*made));

	if (made)
		*made = (struct port_image){ .program_id = program_id, .users = 1, .image = image };
	return made;
}

struct port_image *port_image_use(struct port_image *image)
{
	image->users++;
	return image;
}

void port_image_drop(struct port_image *image)
{
	if (!image || --image->users)
		return;
	free(image->image);
	free(image);
}

static int compare_programs(const void *left, const void *right)
{
	const struct port_image *a = *(struct port_image *const *)left;
	const struct port_image *b = *(struct port_image *const *)right;

	return a->program_id < b->program_id ? -1 : a->program_id > b->program_id;
}

/* No program has id 0. */
struct port_image *port_images_find(const struct port_images *images, uint32_t program_id)
{
	const struct port_image key = { .program_id = program_id };
	const struct port_image *pointer = &key;
	struct port_image **found = images->count && program_id
					    ? bsearch(&pointer, images->items, images->count,
						      sizeof(struct port_image *), compare_programs)
					    : NULL;

	return found ? *found : NULL;
}

void port_images_add(struct port_images *images, struct port_image *image)
{
	struct port_image **items = array_with_room(images->items, images->count, &images->capacity,
						    sizeof(struct port_image *));

	if (!items)
		return;
	images->items = items;
	items[images->count++] = port_image_use(image);
}

void port_images_sort(struct port_images *images)
{
	if (images->count)
		qsort(images->items, images->count, sizeof(struct port_image *), compare_programs);
}

void port_images_free(struct port_images *images)
{
	for (size_t i = 0; i < images->count; i++)
		port_image_drop(images->items[i]);
	free(images->items);
	*images = (struct port_images){ 0 };
}
