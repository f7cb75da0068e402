/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The types that the kernel programs in bpf/ and libcgfence share, and the only ones.
 *
 * A fence owns these maps:
 *   cgfence_policy   one element, a struct cgfence_image, frozen before the programs that read it are
 *                    loaded: a new policy is a new map and a new program, switched by the link
 *   cgfence_count    one element, a struct cgfence_counters, kept over policy changes
 *   cgfence_asked    per socket, what its last bind asked for, kept likewise
 *   cgfence_denials  CGFENCE_DENIAL_SETS elements of struct cgfence_denial_set, kept likewise
 *   cgfence_source   the policy as it was written, as text, frozen and bound to the programs of that policy
 * a standing fence these too:
 *   cgfence_members  the cgroups that it is for, by id, each with a struct cgfence_member
 * and all share with the others of the host
 *   cgfence_events   a ring buffer of struct cgfence_event
 * standing fences these too:
 *   cgfence_state    CGFENCE_PLACES elements of struct cgfence_place, one for each fence
 *   cgfence_anchors  CGFENCE_ANCHOR_CELLS chains of them, by their anchors
 *   cgfence_member_m the map of the members of each, at the same index
 *   cgfence_globs    the patterns of the names, in parts of CGFENCE_GLOB_PART_SIZE bytes of struct cgfence_glob
 *   cgfence_lost     members that found no room in cgfence_members, by struct cgfence_lost_key
 *   cgfence_gone     removed members that were refused something, CGFENCE_GONE_NAMES of each fence
 *
 * Where programs may be shared by fences of equal policies, the policy, what was asked for and the source are those of
 * these programs. What is of one fence is in two maps of the host:
 *   cgfence_own      for each cgroup that is fenced, a struct cgfence_own, in place of cgfence_count
 *   cgfence_records  struct cgfence_records_part by struct cgfence_records_key, in place of cgfence_denials
 */
#pragma once

#include <cgfence/abi_iterators.h>
#include <cgfence/abi_records.h>
#include <cgfence/abi_standing.h>
#include <linux/bpf.h>
#include <linux/types.h>

/* Grows with each change of a layout below, so that a fence made by another version is recognised. */
#define CGFENCE_ABI_VERSION 16

#define CGFENCE_POLICY_MAP "cgfence_policy"
/* Stands in the programs for the address of the policy, until they are loaded. */
#define CGFENCE_POLICY_NUMBER 0x5ca1ab1ecf3ce5ed
/*
 * With the place of a field, it stands for the value of that: bits 0-11 are its offset from the start of struct
 * cgfence_image, or of struct cgfence_standing with CGFENCE_FIELD_OF_STANDING, bits 12-15 its size in bytes. Where that
 * is 8, it is the low half of the number, and CGFENCE_WIDE_FIELD_NUMBER the high one.
 */
#define CGFENCE_FIELD_NUMBER 0x5ac20000
#define CGFENCE_FIELD_NUMBER_MASK 0xfffe0000
#define CGFENCE_FIELD_OF_STANDING 0x10000
#define CGFENCE_FIELD_SIZE_SHIFT 12
#define CGFENCE_FIELD_SIZE_MASK 0xf
#define CGFENCE_FIELD_OFFSET_MASK 0xfff
#define CGFENCE_WIDE_FIELD_NUMBER 0x0b5e551f
#define CGFENCE_COUNTERS_MAP "cgfence_count"
#define CGFENCE_DENIALS_MAP "cgfence_denials"
#define CGFENCE_EVENTS_MAP "cgfence_events"
#define CGFENCE_ASKED_MAP "cgfence_asked"
#define CGFENCE_SOURCE_MAP "cgfence_source"
#define CGFENCE_OWN_MAP "cgfence_own"
#define CGFENCE_RECORDS_MAP "cgfence_records"
#define CGFENCE_MEMBERS_MAP "cgfence_members"
#define CGFENCE_STATE_MAP "cgfence_state"
#define CGFENCE_LOST_MAP "cgfence_lost"

/* Set in the id of a standing fence, which is no cgroup's: those of the kernel count up from 1. */
#define CGFENCE_STANDING_ID (1ULL << 62)

/*
 * Set beside the id in the image and the events of a fence that learns: it tells each audited request, and cgfence_events
 * is a ring buffer of its own. A program has the id in a register anyway, so that other fences have no code for it.
 */
#define CGFENCE_LEARNING_BIT (1ULL << 63)

/* dev_t as the kernel has it: 12 bits of major, 20 bits of minor (include/linux/kdev_t.h). */
#define CGFENCE_MAJOR_MAX 4095
#define CGFENCE_MINOR_MAX 1048575

/*
 * A device selector says which devices a rule is for, in 48 bits:
 *
 *   bits  0-19  minor, 0 with CGFENCE_SELECTOR_ANY_MINOR
 *   bits 20-31  major, 0 with CGFENCE_SELECTOR_ANY_MAJOR
 *   bits 32-33  type (BPF_DEVCG_DEV_*), so that no selector is 0
 *   bits 34-35  CGFENCE_SELECTOR_ANY_MINOR, CGFENCE_SELECTOR_ANY_MAJOR
 *
 * A device rule holds all entries of the policy for one selector; an empty slot is 0:
 *
 *   bits  0-47  the selector
 *   bits 48-50  what the allow entries of this selector grant (BPF_DEVCG_ACC_*)
 *   bits 51-53  what its deny entries take
 *   bits 56-63  verdict: bit 63 - N is set if the rules of this selector and of all wider ones allow
 *               the access bits N
 *
 * A request is the selector of the device, and from bit 48 the access bits.
 */
#define CGFENCE_SELECTOR_BITS 48
#define CGFENCE_SELECTOR_MINOR_BITS 20
#define CGFENCE_SELECTOR_TYPE_SHIFT 32
#define CGFENCE_SELECTOR_BLOCK ((__u64)BPF_DEVCG_DEV_BLOCK << CGFENCE_SELECTOR_TYPE_SHIFT)
#define CGFENCE_SELECTOR_CHAR ((__u64)BPF_DEVCG_DEV_CHAR << CGFENCE_SELECTOR_TYPE_SHIFT)
#define CGFENCE_SELECTOR_TYPES (CGFENCE_SELECTOR_BLOCK | CGFENCE_SELECTOR_CHAR)
#define CGFENCE_SELECTOR_ANY_MINOR (1ULL << 34)
#define CGFENCE_SELECTOR_ANY_MAJOR (1ULL << 35)

#define CGFENCE_RULE_ALLOW_SHIFT CGFENCE_SELECTOR_BITS
#define CGFENCE_RULE_DENY_SHIFT 51
#define CGFENCE_RULE_VERDICT_TOP 63
#define CGFENCE_REQUEST_ACCESS_SHIFT CGFENCE_SELECTOR_BITS
#define CGFENCE_ACCESS_MASK 7

/*
 * What containers ask for all the time has a bit in a word: the use, which is all access except mknod, of the first minors
 * of some majors (Documentation/admin-guide/devices.txt of Linux) and of all pseudo terminals; mknod of all devices of
 * a type, whose bit is CGFENCE_HOT_MKNOD + BPF_DEVCG_DEV_*.
 */
#define CGFENCE_HOT_MINORS 12
#define CGFENCE_HOT_MEMORY 0 /* null, zero, full, random, urandom */
#define CGFENCE_HOT_TTY_AUX (CGFENCE_HOT_MEMORY + CGFENCE_HOT_MINORS) /* tty, console, ptmx */
#define CGFENCE_HOT_TTY (CGFENCE_HOT_TTY_AUX + CGFENCE_HOT_MINORS)
#define CGFENCE_HOT_MISC (CGFENCE_HOT_TTY + CGFENCE_HOT_MINORS) /* tun */
#define CGFENCE_HOT_PTS (CGFENCE_HOT_MISC + CGFENCE_HOT_MINORS)
#define CGFENCE_HOT_MKNOD CGFENCE_HOT_PTS

#define CGFENCE_MEMORY_MAJOR 1
#define CGFENCE_TTY_MAJOR 4
#define CGFENCE_TTY_AUX_MAJOR 5
#define CGFENCE_MISC_MAJOR 10
#define CGFENCE_MISC_FIRST_MINOR 192
#define CGFENCE_PTS_MAJOR 136

/*
 * A perfect hash over the selectors, so that a lookup is two loads whatever the size of the policy. User space chooses
 * the seed and, for each bucket, the multiplier with which no two rules share a slot. Where multipliers and slots fit into
 * a page, they are in one (image/device_table.h).
 */
struct cgfence_device_table {
	__u32 fenced; /* the policy has a devices section */
	__u32 base;   /* which list "defaults" names; 0 for none */
	__u32 bucket_mask; /* (number of buckets, a power of two, - 1) * size of a multiplier, in bytes */
	__u32 slot_count;	  /* at least 1 */
	__u32 multipliers_offset; /* of the first, from the start of the image, in bytes */
	__u32 slots_offset;	  /* likewise */
	__u32 has_by_major;	  /* has rules for every minor of a major */
	__u32 has_by_minor;	  /* has rules for a minor of every major */
	__u64 hot;		  /* bits CGFENCE_HOT_*: each set if all of that is allowed */
	__u64 seed;		  /* odd */
	__u64 any[2];		  /* the rules for *:*, of block and of character devices */
};

/*
 * How programs learn who is refused something. Where those of a type have no helper for it (5.10), they read the fields
 * of struct task_struct, whose offsets user space takes from the kernel's BTF. On a kernel that is locked
 * down for confidentiality no program can read its memory.
 */
enum cgfence_task_by {
	CGFENCE_TASK_BY_HELPER,
	CGFENCE_TASK_BY_OFFSET,
	CGFENCE_TASK_UNKNOWN,
};

struct cgfence_task_layout {
	__u8 device_by; /* enum cgfence_task_by, and so on */
	__u8 ports_by;
	__u8 sockops_by; /* these got the helpers last (6.18) */
	__u8 unused[5];
	__u32 tgid_offset;
	__u32 comm_offset;
};

/* How programs learn which network namespace a socket is in. */
enum cgfence_netns_by {
	CGFENCE_NETNS_BY_COOKIE,
	CGFENCE_NETNS_BY_INUM, /* user space has no cookie before 5.14, and sockops programs have no helper for it */
	CGFENCE_NETNS_UNKNOWN, /* so it may be the fence's */
};

/* What no helper tells of a socket, and where it is in the memory of the kernel, from the kernel's BTF. */
struct cgfence_socket_layout {
	__u8 netns_by; /* enum cgfence_netns_by, and so on */
	__u8 sockops_netns_by;
	__u8 has_v6only_bit;	/* IPV6_V6ONLY is read; only where ports differ by family */
	__u8 has_port_range;	/* IP_LOCAL_PORT_RANGE is read */
	__u8 port_range_unread; /* it is not, but the kernel has it */
	__u8 unused[3];
	__u32 net_offset;  /* of the pointer to struct net in struct sock, in bytes */
	__u32 inum_offset; /* of ns.inum in struct net, in bytes */
	__u32 v6only_bit; /* of skc_ipv6only in struct sock: byte * 8 + bit, 0 the low one; within CGFENCE_SOCKET_HEAD_SIZE */
	__u32 port_range_offset; /* of local_port_range in struct inet_sock, which is 0 if the option is not set */
};

#define CGFENCE_SOCKET_HEAD_SIZE 64

enum cgfence_protocol {
	CGFENCE_TCP, /* with MPTCP */
	CGFENCE_UDP, /* with UDP-Lite */
	CGFENCE_PROTOCOL_COUNT,
};

/* As include/uapi/linux/in.h numbers them, which the kernel programs cannot include beside the kernel's own types. */
enum cgfence_ip_protocol {
	CGFENCE_IPPROTO_TCP = 6,
	CGFENCE_IPPROTO_UDP = 17,
	CGFENCE_IPPROTO_SCTP = 132,
	CGFENCE_IPPROTO_UDPLITE = 136,
	CGFENCE_IPPROTO_MPTCP = 262,
};

enum cgfence_family {
	CGFENCE_IPV4,
	CGFENCE_IPV6,
	CGFENCE_FAMILY_COUNT,
};

/* Guards against a listener that no bind hook saw, weakest first. */
enum cgfence_listen_guard {
	CGFENCE_GUARD_NONE,
	CGFENCE_GUARD_EVENT, /* the listener is recorded and reported */
	CGFENCE_GUARD_KILL,  /* its process is killed before listen(2) returns */
	CGFENCE_GUARD_MUTE,  /* the socket is tied to an interface that does not exist */
	CGFENCE_GUARD_DENY,  /* listen(2) returns EPERM */
};

/* A set of ports: the words of its bitmap, without the equal ones at either end. */
struct cgfence_port_bitmap {
	__u32 outside;	  /* 1 if the ports without a word are in the set, else 0 */
	__u32 first_word; /* port / 64 of the first bit of the first word */
	/* At least 1: the verifier of 5.10 does not learn from a comparison that nothing is below 0. */
	__u32 word_count;
	__u32 offset; /* of the first word, from the start of the image, in words of 8 bytes */
};

struct cgfence_port_table {
	__u32 fenced; /* the policy has a ports section */
	__u32 has_isolated_range;
	__u32 sctp_any;
	__u32 netns_any;
	__u32 privileged;   /* an assigned port below 1024 needs no capability */
	__u32 on_violation; /* as the policy has it */
	__u32 guard;	    /* enum cgfence_listen_guard */
	__u32 netns_inum;   /* of the network namespace the fence was attached from */
	__u64 netns_cookie; /* likewise */
	/*
	 * A bind that was under way when the fence was made was not seen by the bind program. So for a moment after
	 * since_ns (CLOCK_BOOTTIME), post_bind does not take a port that the kernel may have chosen for a rewritten
	 * one.
	 */
	__u64 since_ns;
	__u32 ephemeral_low;
	__u32 ephemeral_high;
	__u32 traced; /* the program for all fences judges who calls listen(2) */
	__u32 killed_by_trace; /* guard kill: it kills for sockets made in the fence too, not the fence's own */
	__u32 mutes;	 /* guards mute and kill: the socket is tied to CGFENCE_NO_INTERFACE */
	__u32 by_family; /* a port may be allowed or waived for one family and not for the other */
	struct cgfence_port_bitmap assigned[CGFENCE_PROTOCOL_COUNT][CGFENCE_FAMILY_COUNT];
	struct cgfence_port_bitmap isolated[CGFENCE_FAMILY_COUNT];
	/* Combines the two above, so that a verdict is one lookup: assigned, or outside the isolated range. */
	struct cgfence_port_bitmap allowed[CGFENCE_PROTOCOL_COUNT][CGFENCE_FAMILY_COUNT];
	/* Assigned ports below CGFENCE_PRIVILEGED_PORTS that need no capability; these have their first words. */
	struct cgfence_port_bitmap waived[CGFENCE_PROTOCOL_COUNT][CGFENCE_FAMILY_COUNT];
};

#define CGFENCE_PRIVILEGED_PORTS 1024

/* The index of no interface: they are numbered from 1, and never so high. Nothing reaches a socket that is bound to it. */
#define CGFENCE_NO_INTERFACE 0x7fffffff

/* Upper bound, on a slow machine, of loading the programs plus a bind that is under way. */
#define CGFENCE_BIND_NS 5000000000ULL

/*
 * The compiled policy. After it come a multiplier of 2 bytes for each bucket; then a device rule or 0 for each slot, the
 * words of the port bitmaps, a struct cgfence_standing in a standing fence, and the name and other texts.
 */
struct cgfence_image {
	__u32 abi_version;
	__u32 size;	  /* of the whole, in bytes */
	__u64 generation; /* 1 for the policy the fence began with */
	__u64 cgroup_id; /* of the fence root, or the id of the standing fence; may have CGFENCE_LEARNING_BIT */
	__u64 record_seed; /* chooses the set of a record, so that nobody outside can compute it */
	__u32 enforce;	   /* 0 is audit */
	__u32 ephemeral;   /* the cgroup was made for one command and goes with it */
	__u32 name_offset; /* bytes from the start of the image */
	__u32 name_length; /* bytes, 0 if the policy has no name; no NUL at the end */
	struct cgfence_task_layout task;
	struct cgfence_socket_layout socket;
	struct cgfence_port_table ports;
	struct cgfence_device_table devices;
	__u32 standing_offset; /* of struct cgfence_standing, from the start of the image; 0 in others */
	__u32 adopt; /* it may have taken the place of programs of others, which are pinned beside it */
	/*
	 * Other fences may run these programs. Then cgroup_id, record_seed and ports.since_ns are those of the fence that
	 * they were loaded for, and what each has of its own is in struct cgfence_own.
	 */
	__u32 shared;
	__u32 unused;
};

struct cgfence_counters {
	__u64 refusals[CGFENCE_HOOK_SLOTS][CGFENCE_VERDICT_SLOTS]; /* since the fence was made */
	__u64 evicted;	   /* denials that made room for newer ones */
	__u64 listened_ns; /* when an event of a listener was sent last (CLOCK_BOOTTIME) */
};

/* The data of one fence, in the storage of its cgroup. */
struct cgfence_own {
	__u64 fence;	   /* its id, which never changes */
	__u64 record_seed; /* as in struct cgfence_image */
	__u64 since_ns; /* when the fence was made; its ports are those of now since then, or since ports.since_ns */
	struct cgfence_counters counters;
};

#define CGFENCE_PORT_WORDS 1024

/* Of the words of a bitmap of ports, so many are with the rest of what is known of a traced fence; most need fewer. */
#define CGFENCE_TRACED_WORDS 16

/*
 * Who listens is judged for fences whose roots are at most so deep; deeper ones are left to the reconciler.
 * How deep the task is below does not count.
 */
#define CGFENCE_LISTEN_DEPTH_MAX 64

/* The ports of one family on which TCP may listen, as struct cgfence_port_bitmap has them. */
struct cgfence_traced_ports {
	__u32 every;   /* they are all ports, so that a socket without one may listen */
	__u32 outside; /* those that have no word are among them */
	__u32 first_word;
	__u32 word_count; /* if above CGFENCE_TRACED_WORDS, the words are in a struct cgfence_traced_bitmaps */
	__u64 words[CGFENCE_TRACED_WORDS];
};

/* What the program that judges for all fences of the host who calls listen(2) knows of one of them. */
struct cgfence_traced_fence {
	__u32 netns_any;
	__u32 netns_inum;
	__u32 enforce;
	__u32 kills;	    /* who listens on a socket that was made outside of the fence */
	__u32 kills_inside; /* who listens on one that was made in it */
	__u32 unused;
	struct cgfence_traced_ports ports[CGFENCE_FAMILY_COUNT];
};

struct cgfence_traced_bitmaps {
	__u64 words[CGFENCE_FAMILY_COUNT][CGFENCE_PORT_WORDS];
};

/* The size of the ring buffer of events, in bytes. */
#define CGFENCE_EVENTS_SIZE 65536

/* That of a fence that learns, from which nothing may be missing: room for 300,000 requests between two looks. */
#define CGFENCE_LEARNING_SIZE (32 * 1024 * 1024)

/* The layouts above, which are shared with programs that are loaded already. */
#ifdef __cplusplus
#define CGFENCE_SIZE_IS(type, size) static_assert(sizeof(type) == (size), "another layout")
#else
#define CGFENCE_SIZE_IS(type, size) _Static_assert(sizeof(type) == (size), "another layout")
#endif

CGFENCE_SIZE_IS(struct cgfence_device_table, 64);
CGFENCE_SIZE_IS(struct cgfence_image, 464);
CGFENCE_SIZE_IS(struct cgfence_member, 256);
CGFENCE_SIZE_IS(struct cgfence_glob, 328 + 256 * 32);
CGFENCE_SIZE_IS(struct cgfence_port_table, 296);
CGFENCE_SIZE_IS(struct cgfence_counters, 272);
CGFENCE_SIZE_IS(struct cgfence_own, 296);
CGFENCE_SIZE_IS(struct cgfence_denial_subject, 12);
CGFENCE_SIZE_IS(struct cgfence_denial_record, 56);
CGFENCE_SIZE_IS(struct cgfence_event, 88);
CGFENCE_SIZE_IS(struct cgfence_plain_event, offsetof(struct cgfence_event, member));
CGFENCE_SIZE_IS(struct cgfence_holder, 64);
CGFENCE_SIZE_IS(struct cgfence_carried, 24);
CGFENCE_SIZE_IS(struct cgfence_denial_set, 232);
CGFENCE_SIZE_IS(struct cgfence_records_part, 3376);
CGFENCE_SIZE_IS(struct cgfence_standing_denial_set, 264);

#undef CGFENCE_SIZE_IS
