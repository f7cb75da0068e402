/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device rules as the perfect hash of struct cgfence_device_table. */
#pragma once

#include "policy/device_rule.h"

/* A table before it is put into an image. */
struct device_table {
	struct cgfence_device_table header;
	uint64_t *slots;       /* header.slot_count of them */
	uint16_t *multipliers; /* bucket_count of them */
	uint32_t bucket_count;
};

/**
 * device_table_compile() - make the table of normalised @rules.
 * @table: receives the table, to be given to device_table_free()
 *
 * The same rules always make the same table.
 *
 * Return: 0 or -ENOMEM.
 */
int device_table_compile(const struct device_rules *rules, struct device_table *table);

/**
 * device_table_place() - put a table into an image.
 * @offset: the first byte that is free, from the start of the image; a multiple of 8
 *
 * Return: where the table begins, so that it does not pass the end of a page if it fits into one.
 */
size_t device_table_place(const struct device_table *table, size_t offset);

/** device_table_size() - the bytes that it takes in an image. */
size_t device_table_size(const struct device_table *table);

/** device_table_write() - write it, header and all, to where device_table_place() says that it begins. */
void device_table_write(const struct device_table *table, struct cgfence_image *image,
			size_t start);

/** device_table_free() - free slots and multipliers. */
void device_table_free(struct device_table *table);

/** device_table_slots() - the slots of an image. */
const uint64_t *device_table_slots(const struct cgfence_image *image);

/**
 * device_table_wants_page() - must the image begin a page, so that its table lies in as few of them as can be?
 *
 * Otherwise the table is within the first page of the map, whose memory begins one or is smaller than one.
 */
bool device_table_wants_page(const struct cgfence_image *image);

/**
 * device_table_check() - is every rule one that device_table_compile() makes?
 * @image: whole, as far as its offsets go
 */
bool device_table_check(const struct cgfence_image *image);

/**
 * device_table_decompile() - the normalised rules that an image was made from.
 * @image: whole and of this version
 * @rules: receives the rules, to be given to device_rules_free()
 */
int device_table_decompile(const struct cgfence_image *image, struct device_rules *rules);
