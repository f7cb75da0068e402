/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A set of inode numbers of network namespaces, which a fence may have a great many of. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins with zeros. */
struct inum_set {
	uint32_t *table; /* hash table; 0 is empty */
	size_t size;	 /* a power of 2 */
	size_t count;
};

/** inum_set_has() - is the number, which is not 0, in the set? */
bool inum_set_has(const struct inum_set *set, uint32_t inum);

/** inum_set_add() - add a number that is not 0. Return: 1 if it was added, 0 if it was there, -ENOMEM. */
int inum_set_add(struct inum_set *set, uint32_t inum);

/** inum_set_free() - empty the set. */
void inum_set_free(struct inum_set *set);
