/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The types that the kernel programs in bpf/ and libcgfence share, and the only ones.
 *
 * A fence owns three maps:
 *   cgfence_policy   one element, a struct cgfence_image, frozen before the programs that read it are
 *                    loaded: a new policy is a new map and a new program, switched by the link
 *   cgfence_count    one element, a struct cgfence_counters, kept over policy changes
 *   cgfence_denials  CGFENCE_DENIAL_SETS elements of struct cgfence_denial_set, kept likewise
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

/* Grows with each change of a layout below, so that a fence made by another version is recognised. */
#define CGFENCE_ABI_VERSION 1

#define CGFENCE_POLICY_MAP "cgfence_policy"
#define CGFENCE_COUNTERS_MAP "cgfence_count"
#define CGFENCE_DENIALS_MAP "cgfence_denials"

/* dev_t as the kernel has it: 12 bits of major, 20 bits of minor (include/linux/kdev_t.h). */
#define CGFENCE_MAJOR_MAX 4095
#define CGFENCE_MINOR_MAX 1048575

/*
 * A device rule is everything that the policy says of one selector, packed in 64 bits:
 *
 *   bits  0- 7  verdict: bit N is set if the access bits N are allowed to the devices selected,
 *               every other rule that matches them taken into account; exact selectors only
 *   bits  8-10  what the allow entries of this selector grant (BPF_DEVCG_ACC_*)
 *   bits 11-13  what its deny entries take
 *   bits 24-59  the selector, as cgfence_device_selector() makes it
 *
 * An empty slot is 0, which is no selector.
 */
#define CGFENCE_RULE_ALLOW_SHIFT 8
#define CGFENCE_RULE_DENY_SHIFT 11
#define CGFENCE_RULE_SELECTOR_SHIFT 24
#define CGFENCE_RULE_ACCESS_MASK 7

#define CGFENCE_SELECTOR_MINOR_BITS 20
#define CGFENCE_SELECTOR_CHAR (1ULL << 32)
#define CGFENCE_SELECTOR_ANY_MINOR (1ULL << 33)
#define CGFENCE_SELECTOR_ANY_MAJOR (1ULL << 34)
#define CGFENCE_SELECTOR_VALID (1ULL << 35)

/*
 * A perfect hash over the selectors, so that a lookup is two loads whatever the size of the policy:
 * user space chooses the seed and, for each bucket, the multiplier that leaves no two rules in a slot.
 */
struct cgfence_device_table {
	__u32 fenced;	     /* the policy has a devices section */
	__u32 with_defaults; /* the section says "defaults": true */
	__u32 slot_count;    /* at least 1 */
	__u32 bucket_shift;  /* 64 - log2(number of buckets), at most 63 */
	__u64 seed;	     /* odd */
	__u64 any[2];	     /* the rules for *:*, of block and of character devices */
};

/*
 * Where the programs find the current task. Kernels whose programs of a type have no helper for it (5.10) need
 * the offsets of the fields in struct task_struct, which user space takes from the kernel's BTF.
 */
struct cgfence_task_layout {
	__u32 by_offset; /* 0: by helper */
	__u32 tgid_offset;
	__u32 comm_offset;
	__u32 unused;
};

/* The compiled policy. */
struct cgfence_image {
	__u32 abi_version;
	__u32 size;	   /* of the whole, in bytes */
	__u64 generation;  /* 1 for the policy the fence began with */
	__u32 enforce;	   /* 0 is audit */
	__u32 ephemeral;   /* the cgroup was made for one command and goes with it */
	__u32 name_offset; /* bytes from the start of the image */
	__u32 name_length; /* bytes, 0 if the policy has no name; no NUL at the end */
	struct cgfence_task_layout task;
	struct cgfence_device_table devices;
	__u64 device_slots
		[]; /* slot_count rules, then a __u32 multiplier for each bucket, then the name */
};

enum cgfence_hook {
	CGFENCE_HOOK_DEVICE,
	CGFENCE_HOOK_BIND,
	CGFENCE_HOOK_LISTEN,
	CGFENCE_HOOK_CREATE,
	CGFENCE_HOOK_COUNT,
};

enum cgfence_verdict {
	CGFENCE_VERDICT_DENIED,
	CGFENCE_VERDICT_AUDITED,
	CGFENCE_VERDICT_KILLED,
	CGFENCE_VERDICT_COUNT,
};

/* Powers of two above the counts, so that the verifier sees an index bounded by a mask. */
#define CGFENCE_HOOK_SLOTS 4
#define CGFENCE_VERDICT_SLOTS 4

/* Refusals since the fence was made. evicted: denials that had to make room for newer ones. */
struct cgfence_counters {
	__u64 refusals[CGFENCE_HOOK_SLOTS][CGFENCE_VERDICT_SLOTS];
	__u64 evicted;
};

/* What was refused: with the hook and the verdict the key of a denial. */
struct cgfence_denial_subject {
	__u8 hook;    /* enum cgfence_hook */
	__u8 verdict; /* enum cgfence_verdict */
	__u8 type;    /* device: BPF_DEVCG_DEV_* */
	__u8 access;  /* device: BPF_DEVCG_ACC_* */
	__u32 major;  /* device */
	__u32 minor;  /* device */
};

struct cgfence_denial_record {
	struct cgfence_denial_subject subject;
	__u32 pid;	/* thread group that was refused last, in the initial pid namespace */
	__u64 count;	/* 0 if the record is unused */
	__u64 first_ns; /* CLOCK_BOOTTIME */
	__u64 last_ns;	/* CLOCK_BOOTTIME */
	char comm[16];	/* of the thread that was refused last */
};

#define CGFENCE_DENIAL_WAYS 4
#define CGFENCE_DENIAL_SETS 64

/* A subject is kept in the set that its hash names; a full set gives up what was refused longest ago. */
struct cgfence_denial_set {
	struct bpf_spin_lock lock;
	__u32 unused;
	struct cgfence_denial_record ways[CGFENCE_DENIAL_WAYS];
};

_Static_assert(sizeof(struct cgfence_device_table) == 40, "layout shared with the kernel programs");
_Static_assert(sizeof(struct cgfence_image) == 88, "layout shared with the kernel programs");
_Static_assert(sizeof(struct cgfence_counters) == 136, "layout shared with the kernel programs");
_Static_assert(sizeof(struct cgfence_denial_subject) == 12,
	       "layout shared with the kernel programs");
_Static_assert(sizeof(struct cgfence_denial_record) == 56,
	       "layout shared with the kernel programs");
_Static_assert(sizeof(struct cgfence_denial_set) == 232, "layout shared with the kernel programs");
