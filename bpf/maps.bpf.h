/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of a fence. User space makes them and puts them in place of these declarations. */
#pragma once

#include "records.bpf.h"
#include <stdbool.h>

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
 * the object (src/kernel/policy_address.c): a lookup would take a third of the time of a check. The compiler does not
 * know what the instruction gives, and so assumes no value.
 */
static __always_inline const struct cgfence_image *policy_in_place(void)
{
	const struct cgfence_image *image;

	asm volatile("%0 = " POLICY_TEXT(CGFENCE_POLICY_NUMBER) " ll" : "=r"(image));
	return image;
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

#endif

/* One for all fences of the host, pinned. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CGFENCE_EVENTS_SIZE);
} cgfence_events SEC(".maps");
