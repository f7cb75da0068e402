/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ascending orders for qsort(3) and bsearch(3). */
#pragma once

#include <stdint.h>
#include <stdlib.h>

static inline int compare_ids(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static inline int compare_inodes(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

/* Puts inodes in ascending order. */
static inline void sort_inodes(uint32_t *inodes, size_t count)
{
	qsort(inodes, count, sizeof(*inodes), compare_inodes);
}
