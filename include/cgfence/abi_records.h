/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of <cgfence/abi.h> that is about refusals: their records and events. */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

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
	CGFENCE_VERDICT_MUTED,
	CGFENCE_VERDICT_SEEN, /* what an enforcing fence could only note */
	CGFENCE_VERDICT_COUNT,
};

/* The refused request; with the hook and the verdict it is the key of a denial. */
struct cgfence_denial_subject {
	__u8 hook;    /* enum cgfence_hook */
	__u8 verdict; /* enum cgfence_verdict */
	__u8 type;    /* device: BPF_DEVCG_DEV_*; else enum cgfence_ip_protocol, TCP for MPTCP */
	__u8 access;  /* device: BPF_DEVCG_ACC_*; else enum cgfence_family */
	__u32 major;  /* device; else the port in host order */
	__u32 minor;  /* device */
};

struct cgfence_denial_record {
	struct cgfence_denial_subject subject;
	__u32 pid;	/* thread group of the last refusal, in the initial pid namespace */
	__u64 count;	/* 0 if the record is unused */
	__u64 first_ns; /* CLOCK_BOOTTIME */
	__u64 last_ns;	/* CLOCK_BOOTTIME */
	char comm[16];	/* of the thread of the last refusal */
};

/*
 * A message in the ring buffer: the first refusal of a subject, whose record counts the later ones, or a listener that
 * the guard could not refuse.
 */
struct cgfence_event {
	__u64 cgroup_id;     /* of the fence root, or the id of the standing fence */
	__u64 socket_cookie; /* of the listener that is there; 0 if there is none */
	/* A task of the fence listens on a socket that was made outside of it; where the cookie is 0, on one not known. */
	__u32 made_outside;
	__u32 unused;
	struct cgfence_denial_record record;
	/* Of a standing fence, whose task was refused or listens. Other fences' messages end before it. */
	__u64 member;
};

/* The message of a fence on one cgroup. */
struct cgfence_plain_event {
	__u64 cgroup_id;
	__u64 socket_cookie;
	__u32 made_outside;
	__u32 unused;
	struct cgfence_denial_record record;
};

#define CGFENCE_DENIAL_WAYS 4
#define CGFENCE_DENIAL_SETS 45

/* A hook has a share of them (cgfence_denial_share()); a full one gives up the subject whose last refusal is oldest. */
struct cgfence_denial_set {
	struct bpf_spin_lock lock;
	__u32 unused;
	struct cgfence_denial_record ways[CGFENCE_DENIAL_WAYS];
};

/* The same of a standing fence, with the member of each record. */
struct cgfence_standing_denial_set {
	struct bpf_spin_lock lock;
	__u32 unused;
	struct cgfence_denial_record ways[CGFENCE_DENIAL_WAYS];
	__u64 members[CGFENCE_DENIAL_WAYS];
};

#define CGFENCE_RECORDS_PARTS 3
#define CGFENCE_RECORDS_PART_SETS (CGFENCE_DENIAL_SETS / CGFENCE_RECORDS_PARTS)

struct cgfence_records_key {
	__u64 fence;
	__u64 part;
};

/* Sets of denials, as many as fit into a page with what the kernel adds. */
struct cgfence_records_part {
	struct bpf_spin_lock lock;
	__u32 unused;
	__u64 fence; /* the kernel may give the place to another one, while a program is about to write to it */
	struct cgfence_denial_record sets[CGFENCE_RECORDS_PART_SETS][CGFENCE_DENIAL_WAYS];
};
