/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014. */
#pragma once

#include <stdint.h>

/** splitmix64_next() - the next number of a sequence; the same @state begins the same sequence. */
static inline uint64_t splitmix64_next(uint64_t *state)
{
	uint64_t mixed = *state += 0x9e3779b97f4a7c15ULL;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
	return mixed ^ mixed >> 31;
}
