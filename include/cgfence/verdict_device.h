/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The verdict on a device. */
#pragma once

#include <cgfence/abi.h>
#include <cgfence/verdict_field.h>
#include <stdbool.h>

/**
 * cgfence_device_selector() - the key of a device rule.
 * @type: BPF_DEVCG_DEV_BLOCK or BPF_DEVCG_DEV_CHAR
 * @major: 0 to CGFENCE_MAJOR_MAX; 0 with CGFENCE_SELECTOR_ANY_MAJOR
 * @minor: 0 to CGFENCE_MINOR_MAX; 0 with CGFENCE_SELECTOR_ANY_MINOR
 * @wildcards: CGFENCE_SELECTOR_ANY_MAJOR, CGFENCE_SELECTOR_ANY_MINOR, both or 0
 */
static __always_inline __u64 cgfence_device_selector(__u32 type, __u32 major, __u32 minor,
						     __u64 wildcards)
{
	return wildcards | (__u64)type << CGFENCE_SELECTOR_TYPE_SHIFT |
	       (__u64)major << CGFENCE_SELECTOR_MINOR_BITS | minor;
}

/**
 * cgfence_device_request() - a request for a device.
 * @access_type: access << 16 | type, as in struct bpf_cgroup_dev_ctx (include/uapi/linux/bpf.h); access is
 *               BPF_DEVCG_ACC_* bits, 0 for access(F_OK)
 */
static __always_inline __u64 cgfence_device_request(__u32 access_type, __u32 major, __u32 minor)
{
	return cgfence_device_selector(access_type, major, minor, 0);
}

/** cgfence_request_access() - the access bits of @request. */
static __always_inline __u32 cgfence_request_access(__u64 request)
{
	return request >> CGFENCE_REQUEST_ACCESS_SHIFT & CGFENCE_ACCESS_MASK;
}

/** cgfence_selector_type() - BPF_DEVCG_DEV_BLOCK or BPF_DEVCG_DEV_CHAR of a selector, rule or request. */
static __always_inline __u32 cgfence_selector_type(__u64 word)
{
	return word >> CGFENCE_SELECTOR_TYPE_SHIFT &
	       CGFENCE_SELECTOR_TYPES >> CGFENCE_SELECTOR_TYPE_SHIFT;
}

/** cgfence_selector_major() - its major; 0 if it is for every major. */
static __always_inline __u32 cgfence_selector_major(__u64 word)
{
	return word >> CGFENCE_SELECTOR_MINOR_BITS & CGFENCE_MAJOR_MAX;
}

/** cgfence_selector_minor() - its minor; 0 if it is for every minor. */
static __always_inline __u32 cgfence_selector_minor(__u64 word)
{
	return word & CGFENCE_MINOR_MAX;
}

/** cgfence_device_any_minor() - the same selector or request for every minor. */
static __always_inline __u64 cgfence_device_any_minor(__u64 selector)
{
	return (selector & ~(__u64)CGFENCE_MINOR_MAX) | CGFENCE_SELECTOR_ANY_MINOR;
}

/** cgfence_device_any_major() - the same selector or request for every major. */
static __always_inline __u64 cgfence_device_any_major(__u64 selector)
{
	return (selector & ~((__u64)CGFENCE_MAJOR_MAX << CGFENCE_SELECTOR_MINOR_BITS)) |
	       CGFENCE_SELECTOR_ANY_MAJOR;
}

/**
 * cgfence_selector_key() - the selector in @word, a rule or a request, shifted to the top without the bits above it.
 */
static __always_inline __u64 cgfence_selector_key(__u64 word)
{
	return word << (64 - CGFENCE_SELECTOR_BITS);
}

/** cgfence_rule_selector() - the selector of @rule. */
static __always_inline __u64 cgfence_rule_selector(__u64 rule)
{
	return cgfence_selector_key(rule) >> (64 - CGFENCE_SELECTOR_BITS);
}

/** cgfence_rule_allow() - the access bits that the allow entries of @rule grant. */
static __always_inline __u32 cgfence_rule_allow(__u64 rule)
{
	return rule >> CGFENCE_RULE_ALLOW_SHIFT & CGFENCE_ACCESS_MASK;
}

/** cgfence_rule_deny() - the access bits that the deny entries of @rule take. */
static __always_inline __u32 cgfence_rule_deny(__u64 rule)
{
	return rule >> CGFENCE_RULE_DENY_SHIFT & CGFENCE_ACCESS_MASK;
}

/*
 * One allow entry must cover the whole request. An entry always grants some access, so a rule that grants none has no
 * allow entry, and even a request without bits does not pass by it.
 */
static __always_inline bool cgfence_rule_covers(__u64 rule, __u32 access)
{
	__u32 allow = cgfence_rule_allow(rule);

	return allow && !(access & ~allow);
}

/**
 * cgfence_device_judge() - the verdict of up to four rules that match a request.
 * @exact, @by_major, @by_minor, @any: the rules of the four selectors that match a device, 0 for none
 * @access: BPF_DEVCG_ACC_* bits of the request, 0 for access(F_OK)
 *
 * Return: true if no deny entry shares a bit with @access and one allow entry covers all of it.
 */
static __always_inline bool cgfence_device_judge(__u64 exact, __u64 by_major, __u64 by_minor,
						 __u64 any, __u32 access)
{
	if (access & cgfence_rule_deny(exact | by_major | by_minor | any))
		return false;
	return cgfence_rule_covers(exact, access) || cgfence_rule_covers(by_major, access) ||
	       cgfence_rule_covers(by_minor, access) || cgfence_rule_covers(any, access);
}

/** cgfence_rule_verdict() - negative if @rule and all wider ones allow @access; not if @rule is 0. */
static __always_inline __s64 cgfence_rule_verdict(__u64 rule, __u32 access)
{
	return (__s64)(rule << (access & CGFENCE_ACCESS_MASK));
}

/** cgfence_device_hash() - the hash from which bucket and slot are made. Its high bits depend on all bits of the key. */
static __always_inline __u64 cgfence_device_hash(__u64 key, __u64 seed)
{
	return key * seed;
}

/** cgfence_device_bucket_offset() - the offset of the multiplier for a selector with this hash. */
static __always_inline __u64 cgfence_device_bucket_offset(__u64 hash, __u64 bucket_mask)
{
	return hash >> 45 & bucket_mask;
}

/**
 * cgfence_device_slot_offset() - the offset of the slot in which its bucket's @multiplier puts a selector with this hash.
 *
 * The upper half of the product chooses among @slot_count slots, as evenly as a division would, and the verifier sees the
 * bound.
 */
static __always_inline __u64 cgfence_device_slot_offset(__u64 hash, __u64 multiplier,
							__u64 slot_count)
{
	__u64 slot = (hash * multiplier >> 32) * slot_count >> 32;

	/* One shift for this and the one above would leave the verifier with a bound that is not whole. */
	__asm__ volatile("" : "+r"(slot));
	return slot * sizeof(__u64);
}

/**
 * cgfence_device_find() - look a selector up.
 * @image: a compiled policy
 * @word: a selector except that of *:*, or a request, of which the bits above the selector are ignored
 *
 * Return: the rule, or 0 if the policy has none for this selector.
 */
static __always_inline __u64 cgfence_device_find(const struct cgfence_image *image, __u64 word)
{
	__u64 key = cgfence_selector_key(word);
	__u64 hash = cgfence_device_hash(key, CGFENCE_FIELD(image, devices.seed));
	const char *start = (const char *)image;
	__u64 offset;
	__u64 rule;

	/* In this order a program needs few registers. */
	start += cgfence_device_bucket_offset(hash, CGFENCE_FIELD(image, devices.bucket_mask));
	start += CGFENCE_FIELD(image, devices.multipliers_offset);
	offset = cgfence_device_slot_offset(hash, *(const __u16 *)start,
					    CGFENCE_FIELD(image, devices.slot_count));
	start = (const char *)image + offset;
	start += CGFENCE_FIELD(image, devices.slots_offset);
	rule = *(const __u64 *)start;
	return cgfence_selector_key(rule) == key ? rule : 0;
}

/**
 * cgfence_device_allowed_by_wildcard() - judge a request for a device that no rule names exactly.
 *
 * It makes one lookup for each kind of wildcard in the policy. The verifier knows the header and removes the others
 * from the program.
 */
static __always_inline bool cgfence_device_allowed_by_wildcard(const struct cgfence_image *image,
							       __u64 request)
{
	__u64 by_major = 0;
	__u64 by_minor;
	__u64 any;

	if (CGFENCE_FIELD(image, devices.has_by_major))
		by_major = cgfence_device_find(image, cgfence_device_any_minor(request));
	any = request & CGFENCE_SELECTOR_CHAR ? CGFENCE_FIELD(image, devices.any[1])
					      : CGFENCE_FIELD(image, devices.any[0]);
	if (!CGFENCE_FIELD(image, devices.has_by_minor))
		return cgfence_rule_verdict(by_major ? by_major : any,
					    cgfence_request_access(request)) < 0;
	by_minor = cgfence_device_find(image, cgfence_device_any_major(request));
	return cgfence_device_judge(0, by_major, by_minor, any, cgfence_request_access(request));
}

/**
 * cgfence_device_allowed() - judge a request for a device.
 * @image: a compiled policy that fences devices
 */
static __always_inline bool cgfence_device_allowed(const struct cgfence_image *image, __u64 request)
{
	__u64 exact = cgfence_device_find(image, request);

	return exact ? cgfence_rule_verdict(exact, cgfence_request_access(request)) < 0
		     : cgfence_device_allowed_by_wildcard(image, request);
}

/**
 * cgfence_device_is_hot() - is a request one that the header of an image allows?
 * @access_type: as of cgfence_device_request()
 *
 * If it is, so does cgfence_device_allowed(); if not, that decides. Programs have all that it reads in their
 * instructions.
 */
static __always_inline bool cgfence_device_is_hot(const struct cgfence_image *image,
						  __u64 access_type, __u64 major, __u64 minor)
{
	const __u64 use = (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE) << 16;
	__u64 bit;

	if ((access_type & ~use) == BPF_DEVCG_DEV_CHAR) {
		if (major == CGFENCE_MEMORY_MAJOR) {
			bit = CGFENCE_HOT_MEMORY;
		} else if (major == CGFENCE_TTY_AUX_MAJOR) {
			bit = CGFENCE_HOT_TTY_AUX;
		} else if (major == CGFENCE_TTY_MAJOR) {
			bit = CGFENCE_HOT_TTY;
		} else if (major == CGFENCE_PTS_MAJOR) {
			bit = CGFENCE_HOT_PTS;
			minor = 0;
		} else if (major == CGFENCE_MISC_MAJOR) {
			bit = CGFENCE_HOT_MISC;
			/* Below the first, it wraps to a high number. */
			minor -= CGFENCE_MISC_FIRST_MINOR;
		} else {
			return false;
		}
		if (minor >= CGFENCE_HOT_MINORS)
			return false;
		bit += minor;
	} else if (access_type >> 16 == BPF_DEVCG_ACC_MKNOD) {
		bit = CGFENCE_HOT_MKNOD + (access_type & 0xffff);
	} else {
		return false;
	}
	/* The mask spares the compiler from minding larger shifts. */
	return CGFENCE_FIELD(image, devices.hot) >> (bit & 63) & 1;
}
