/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sets of ports as the trimmed bitmaps of struct cgfence_port_table. */
#pragma once

#include "policy/policy.h"

/* The words of all bitmaps of an image; equal bitmaps share theirs. */
struct port_words {
	uint64_t *words;
	size_t count;
};

/**
 * port_table_compile() - describe the port rules of a policy.
 * @table: its bitmaps are filled in, with offsets into @words
 * @words: receives the words; to be given to free()
 *
 * Return: 0 or -ENOMEM.
 */
int port_table_compile(const struct cgfence_policy *policy, struct cgfence_port_table *table,
		       struct port_words *words);

/** port_table_move() - add @words to the offset of every bitmap. */
void port_table_move(struct cgfence_port_table *table, size_t words);

/** port_table_check() - does every bitmap lie within an image of @words words? */
bool port_table_check(const struct cgfence_port_table *table, size_t words);

/**
 * port_table_derive_by_family() - is a port allowed or waived for one family and not for the other?
 * @image: its bitmaps lie within it
 *
 * Programs judge by one family if not. The policy alone does not tell, for outside the isolated range all is allowed.
 */
bool port_table_derive_by_family(const struct cgfence_image *image);

/** port_table_decompile() - put the ports of a checked image into a policy. */
void port_table_decompile(const struct cgfence_image *image, struct cgfence_policy *policy);

/** port_table_judges() - is there a port that a socket of the fence may not have? */
bool port_table_judges(const struct cgfence_image *image, enum cgfence_protocol protocol);
