/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The images of fences, kept from pass to pass. A policy map is frozen before its program is loaded, so while a link runs
 * the same program, the image is the same, also where several fences run it.
 */
#pragma once

#include <cgfence/abi.h>
#include <stddef.h>
#include <stdint.h>

/* Freed with its last user. */
struct port_image {
	uint32_t program_id; /* of a program that uses it; 0 if it is not known */
	size_t users;
	struct cgfence_image *image;
};

/* All zero is none. */
struct port_images {
	struct port_image **items; /* by ascending id of the program, once they are sorted */
	size_t count;
	size_t capacity;
};

/** port_image_new() - take over an image, for one user. Return: NULL if out of memory; the image is the caller's then. */
struct port_image *port_image_new(uint32_t program_id, struct cgfence_image *image);

/** port_image_use() - one user more. Return: @image. */
struct port_image *port_image_use(struct port_image *image);

/** port_image_drop() - one user less; NULL is fine. */
void port_image_drop(struct port_image *image);

/** port_images_find() - the image that a program uses, without another user; NULL if none is known. */
struct port_image *port_images_find(const struct port_images *images, uint32_t program_id);

/** port_images_add() - keep one more, as another user of it. What finds no memory is read again the next time. */
void port_images_add(struct port_images *images, struct port_image *image);

/** port_images_sort() - let them be found. */
void port_images_sort(struct port_images *images);

/** port_images_free() - use none of them any more. */
void port_images_free(struct port_images *images);
