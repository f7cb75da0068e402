/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The place of the record of a refusal, as pure functions for the kernel programs and the tests. They have no branches:
 * each would double the work of the verifier.
 */
#pragma once

#include <cgfence/verdict.h>

/* The first bytes of a subject, all of them small numbers, as one word. */
static __always_inline __u32 cgfence_denial_head(const struct cgfence_denial_subject *subject)
{
	__u32 head;

	__builtin_memcpy(&head, subject, sizeof(head));
	return head;
}

/** struct cgfence_denial_share - the sets in which the refusals of a hook are recorded. */
struct cgfence_denial_share {
	__u32 first;
	__u32 count;
};

/**
 * cgfence_denial_share() - the share of a hook, by how many subjects it has: devices by far the most, SCTP sockets two.
 * @hook: enum cgfence_hook
 */
static __always_inline struct cgfence_denial_share cgfence_denial_share(__u32 hook)
{
	struct cgfence_denial_share share = { 0, 33 };

	if (hook == CGFENCE_HOOK_BIND) {
		share.first = 33;
		share.count = 8;
	} else if (hook == CGFENCE_HOOK_LISTEN) {
		share.first = 41;
		share.count = 3;
	} else if (hook == CGFENCE_HOOK_CREATE) {
		share.first = 44;
		share.count = 1;
	}
	return share;
}

/**
 * cgfence_denial_set_index() - the set in which refusals of @subject are recorded.
 * @seed: of the fence
 *
 * The refusals of one hook take no room from the records of another.
 */
static __always_inline __u32 cgfence_denial_set_index(const struct cgfence_denial_subject *subject,
						      __u64 seed)
{
	__u64 hash = (((__u64)cgfence_denial_head(subject) << 32 | subject->major) ^ seed) *
		     0x9e3779b97f4a7c15ULL;
	struct cgfence_denial_share share = cgfence_denial_share(subject->hook);

	hash = (hash ^ subject->minor) * (seed | 1);
	return share.first + (__u32)((hash >> 32) * share.count >> 32);
}

/* All bits if they are equal, else none. */
static __always_inline __u64 cgfence_denial_same_subject(const struct cgfence_denial_subject *a,
							 const struct cgfence_denial_subject *b)
{
	__u32 difference = (cgfence_denial_head(a) ^ cgfence_denial_head(b)) |
			   (a->major ^ b->major) | (a->minor ^ b->minor);

	return -(((__u64)difference - 1) >> 63);
}

/* Likewise. */
static __always_inline __u64 cgfence_denial_same_member(const __u64 *members, __u32 index,
							__u64 member)
{
	__u64 difference;

	if (!members)
		return -1ULL;
	difference = members[index] ^ member;
	return ((difference | -difference) >> 63) - 1;
}

/**
 * cgfence_denial_choose_way() - choose the record of a subject in a set.
 * @ways: of the set
 * @members: in a standing fence, whose they are; NULL in others
 * @member: whose that of @subject is
 * @known: receives true if the record is of this subject already; otherwise it is unused or must make room
 *
 * @index receives its index. Return: the way that holds the subject, which counts as the oldest of all; otherwise an unused one; otherwise the one
 * whose last refusal is oldest. An unused way is all 0 and matches no subject, since the type of a subject is not 0.
 */
static __always_inline struct cgfence_denial_record *
cgfence_denial_choose_way(struct cgfence_denial_record *ways, const __u64 *members,
			  const struct cgfence_denial_subject *subject, __u64 member, bool *known,
			  __u32 *index)
{
	struct cgfence_denial_record *way = ways;
	__s64 oldest = (__s64)(way->last_ns | (cgfence_denial_same_subject(&way->subject, subject) &
					       cgfence_denial_same_member(members, 0, member)));
	__u32 chosen = 0;
	__u32 i;

	for (i = 1; i < CGFENCE_DENIAL_WAYS; i++) {
		__u64 older;
		__s64 age;

		/* Keeps the compiler from unrolling the loop: a program must fit into a page. */
		__asm__ volatile("" : "+r"(i));
		way++;
		age = (__s64)(way->last_ns | (cgfence_denial_same_subject(&way->subject, subject) &
					      cgfence_denial_same_member(members, i, member)));
		/* All bits if age is less, else none: these are times since the boot, or -1. */
		older = (__u64)((age - oldest) >> 62);
		/* Keeps the compiler from making branches. */
		__asm__ volatile("" : "+r"(older));
		oldest += (age - oldest) & (__s64)older;
		chosen ^= (chosen ^ i) & older;
	}
	*known = oldest < 0;
	*index = chosen & (CGFENCE_DENIAL_WAYS - 1);
	return &ways[*index];
}
