/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of a fence. User space makes them and puts them in place of these declarations. */
#pragma once

#include "own.bpf.h"
#include <stdbool.h>
#include <stddef.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgfence_image);
} cgfence_policy SEC(".maps");

#ifndef POLICY_LOOKED_UP

/* A program that calls policy_in_place(). */
#define POLICY_SEC(hook, usual) SEC("cgfence/" hook)

#define POLICY_TEXT_OF(number) #number
#define POLICY_TEXT(number) POLICY_TEXT_OF(number)

/*
 * The policy. User space puts the address of the only value of the policy map in place of the number, before libbpf sees
 * the object (src/kernel/policy_place.c): a lookup would take a third of the time of a check. The compiler does not
 * know what the instruction gives, and so assumes no value.
 */
static __always_inline const struct cgfence_image *policy_in_place(void)
{
	const struct cgfence_image *image;

	asm volatile("%0 = " POLICY_TEXT(CGFENCE_POLICY_NUMBER) " ll" : "=r"(image));
	return image;
}

/*
 * Likewise the value of a field of the header, which thus costs no look at the page that has it. Those of 64 bits take two
 * instructions.
 */
#define CGFENCE_FIELD(image, field) FIELD_IN_PLACE(image, struct cgfence_image, field, 0)
#define STANDING_FIELD(image, field) \
	FIELD_IN_PLACE(image, struct cgfence_standing, field, CGFENCE_FIELD_OF_STANDING)
#define FIELD_NUMBER(type, field)                                                        \
	(CGFENCE_FIELD_NUMBER | sizeof(((type *)0)->field) << CGFENCE_FIELD_SIZE_SHIFT | \
	 offsetof(type, field))
#define FIELD_IN_PLACE(image, type, field, flags)                                   \
	({                                                                          \
		__u64 in_place_;                                                    \
		(void)(image);                                                      \
		if (sizeof(((type *)0)->field) == sizeof(__u64))                    \
			asm volatile("%0 = %1 ll"                                   \
				     : "=r"(in_place_)                              \
				     : "i"((__u64)CGFENCE_WIDE_FIELD_NUMBER << 32 | \
					   FIELD_NUMBER(type, field) | (flags)));   \
		else                                                                \
			asm volatile("%0 = %1"                                      \
				     : "=r"(in_place_)                              \
				     : "i"(FIELD_NUMBER(type, field) | (flags)));   \
		in_place_;                                                          \
	})

/* For functions that read nothing but fields of the header. */
static __always_inline const struct cgfence_image *policy_header(void)
{
	return 0;
}

#else /* for other loaders: the benchmark has bpftool load these programs */

#define POLICY_SEC(hook, usual) SEC(usual)

static __always_inline const struct cgfence_image *policy_in_place(void)
{
	const struct cgfence_image *image;
	__u32 zero = 0;

	image = bpf_map_lookup_elem(&cgfence_policy, &zero);
	asm volatile("if %0 != 0 goto +2; r0 = 0; exit" : : "r"(image));
	return image;
}

static __always_inline const struct cgfence_image *policy_header(void)
{
	return policy_in_place();
}

#endif

/* One for all fences of the host, pinned. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CGFENCE_EVENTS_SIZE);
} cgfence_events SEC(".maps");
