/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device rules as the perfect hash of struct cgfence_device_table. */
#pragma once

#include "policy/device_rule.h"

/* A table before it is put into an image. */
struct device_table {
	struct cgfence_device_table header;
	uint64_t *slots;	 /* slot_count of them */
	uint32_t *displacements; /* bucket_count of them, in bytes */
	uint32_t slot_count;
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

/** device_table_free() - free slots and displacements. */
void device_table_free(struct device_table *table);

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
