/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of <cgfence/abi.h> that is about standing fences. */
#pragma once

#include <linux/types.h>
#include <stddef.h>

/* Powers of two above the numbers of hooks and verdicts, so that the verifier sees an index bounded by a mask. */
#define CGFENCE_HOOK_SLOTS 4
#define CGFENCE_VERDICT_SLOTS 8

/*
 * Where the programs of a standing fence find the cgroup of a socket, which no helper tells, and that of a task before
 * 5.15: offsets in bytes, from the kernel's BTF.
 */
struct cgfence_cgroup_layout {
	__u32 task_set;		 /* of the pointer to struct css_set in struct task_struct */
	__u32 set_cgroup;	 /* of the pointer to struct cgroup in struct css_set */
	__u32 socket_cgroup;	 /* of the pointer to struct cgroup, or its bits, in struct sock */
	__u32 level;		 /* of the level in struct cgroup */
	__u32 ancestors;	 /* of the first ancestor there */
	__u32 ancestors_are_ids; /* before 6.1; later they are pointers to struct cgroup */
	__u32 node;		 /* of the pointer to struct kernfs_node in struct cgroup */
	__u32 node_id;		 /* of the id there */
};

/* What a standing fence is for. */
struct cgfence_standing {
	__u64 anchor_id;
	__u32 anchor_level; /* how many cgroups are above the anchor */
	__u32 member_level; /* likewise of every member */
	__u32 membership;   /* its place in cgfence_state */
	/* Bytes from the start of the image, and lengths. The pattern is that of the whole path, with a leading slash. */
	__u32 pattern_offset;
	__u32 pattern_length;
	/* The patterns of names that are no members, with a slash behind each. */
	__u32 except_offset;
	__u32 except_length;
	__u32 unused;
	struct cgfence_cgroup_layout cgroup;
};

/* A pattern has at most so many components below the anchor, and a policy so many exceptions. */
#define CGFENCE_PATTERN_DEPTH 16
#define CGFENCE_EXCEPT_MAX 64

/* The name of a cgroup with its NUL: NAME_MAX of Linux + 1. */
#define CGFENCE_NAME_SIZE 256

/* What is known of a member. */
struct cgfence_member {
	__u64 refusals[CGFENCE_HOOK_SLOTS][CGFENCE_VERDICT_SLOTS];
};

/*
 * Two programs decide the membership of all standing fences of the host. Each fence has a place with them, of which there
 * are so many.
 */
#define CGFENCE_PLACES 16384

/* The fences of an anchor are in a chain, with those of other anchors of the same cell. It is at most so long. */
#define CGFENCE_ANCHOR_CELLS 4096
#define CGFENCE_CHAIN_MAX 256
#define CGFENCE_ANCHOR_CELL(id) ((__u32)((id)*0x9e3779b97f4a7c15ULL >> 52))

/*
 * A place. User space writes to it by a mapping, single words in one step; while it is in a chain, only @lost,
 * @unlisted and the @next of another that is taken out.
 */
struct cgfence_place {
	__u64 lost; /* members that found no room in cgfence_members */
	__u64 unlisted; /* of those, how many found none in cgfence_lost: every cgroup at their level is judged */
	__u64 gone;	/* how many removed members have had names in cgfence_gone */
	__u64 fence_id; /* 0 if the place is free */
	__u64 anchor_id;
	__u32 next; /* the number of the next place in the chain + 1, 0 at its end */
	__u32 anchor_level;
	__u16 components; /* of the pattern, below the anchor */
	__u16 exceptions;
	__u32 linked; /* it is in the chain of its anchor; user space alone goes by it */
};

/*
 * A member that found no room in the map of its fence, which may have more of them until it is made anew. A trie, of which
 * all fences have one, takes memory for what it has alone, but is slower to ask.
 */
struct cgfence_lost_key {
	__u32 bits; /* CGFENCE_LOST_BITS: all of the rest counts */
	__u32 place;
	__u64 id;
};

#define CGFENCE_LOST_BITS 96

#define CGFENCE_LOST_KEY(number, member)                                      \
	{                                                                     \
		.bits = CGFENCE_LOST_BITS, .place = (number), .id = (member), \
	}

/* So many removed members of a fence are kept, and then the oldest gives way. */
#define CGFENCE_GONE_NAMES 256

/*
 * The names of a removed member and of the cgroups above it, up to the anchor, its own first, each ended by NUL; in parts,
 * of which one is enough for most. The map is a trie, since a hash table takes memory while it is empty.
 */
struct cgfence_gone_key {
	__u32 bits; /* CGFENCE_GONE_BITS: all of the rest counts */
	__u32 part; /* the number of the member, below CGFENCE_GONE_NAMES, * CGFENCE_GONE_PARTS + that of the part */
	__u64 fence_id;
};

#define CGFENCE_GONE_BITS 96
/*
 * With what the trie adds, an element has at most 256 bytes: of those the kernel has four at hand for each processor from the
 * beginning, of larger ones one (prefill_mem_cache, kernel/bpf/memalloc.c), and it can get no others then.
 */
#define CGFENCE_GONE_PART_SIZE 176
#define CGFENCE_GONE_PARTS                                                          \
	((CGFENCE_PATTERN_DEPTH * CGFENCE_NAME_SIZE + CGFENCE_GONE_PART_SIZE - 1) / \
	 CGFENCE_GONE_PART_SIZE)

struct cgfence_gone {
	__u64 id;	  /* of the member */
	__u32 components; /* so many names it has */
	__u32 length;	  /* of all parts, in bytes */
	char text[CGFENCE_GONE_PART_SIZE];
};

#define CGFENCE_GLOB_WORDS 4

/*
 * The pattern of a name (glob(7)) as an automaton. State n, a bit, is that n tokens have matched, a token being a
 * character, '?' or a bracket; it stays where a '*' follows.
 */
struct cgfence_glob {
	__u64 stays[CGFENCE_GLOB_WORDS];
	__u64 last
		[CGFENCE_GLOB_WORDS]; /* that of all tokens; none if there are more than a name can match */
	__u32 dotted;		      /* it begins with a period: others match no name that does */
	__u32 class_count;
	__u8 classes[256];
	/* By the class of a byte: which tokens match it. There are as many as the bytes need. */
	__u64 accepts[256][CGFENCE_GLOB_WORDS];
};

/*
 * The kernel programs have a pattern in parts, each for so many classes; the others than the first have only those. An
 * element of their trie with one takes 1 KiB.
 */
#define CGFENCE_GLOB_CLASSES 20
#define CGFENCE_GLOB_PART_SIZE                    \
	(offsetof(struct cgfence_glob, accepts) + \
	 CGFENCE_GLOB_CLASSES * sizeof(__u64[CGFENCE_GLOB_WORDS]))
#define CGFENCE_GLOB_PARTS ((256 + CGFENCE_GLOB_CLASSES - 1) / CGFENCE_GLOB_CLASSES)

struct cgfence_glob_key {
	__u32 bits; /* CGFENCE_GLOB_BITS: all of the rest counts */
	__u32 place;
	__u16 index; /* first the components of the pattern, and then the exceptions */
	__u16 part;
};

#define CGFENCE_GLOB_BITS 64

/* So many standing fences can be known to it. */
#define CGFENCE_TRACED_STANDING 256

/* A standing fence; its members are in the map of the same index. */
struct cgfence_traced_standing {
	__u64 id; /* 0 if there is none */
	__u32 member_level;
	__u32 unused;
};
