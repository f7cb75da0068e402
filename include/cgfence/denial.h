/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The place of the record of a refusal, as pure functions for the kernel programs and the tests. They have no branches:
 * each would double the work of the verifier.
 */
#pragma once

#include <cgfence/verdict.h>

/* The first bytes of a subject, all but its minor, as one word. */
static __always_inline __u64 cgfence_denial_word(const struct cgfence_denial_record *record)
{
	__u64 word;

	__builtin_memcpy(&word, record, sizeof(word));
	return word;
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
 * cgfence_denial_set_index() - the set in which refusals of the subject of @record are recorded.
 * @hook: of the subject
 * @seed: of the fence
 *
 * The refusals of one hook take no room from the records of another.
 */
static __always_inline __u32 cgfence_denial_set_index(const struct cgfence_denial_record *record,
						      __u32 hook, __u64 seed)
{
	__u64 hash = (cgfence_denial_word(record) ^ seed) * 0x9e3779b97f4a7c15ULL;
	struct cgfence_denial_share share = cgfence_denial_share(hook);

	hash = (hash ^ record->subject.minor) * (seed | 1);
	/* A product alone takes minors in a row to few sets, with one seed of a thousand. */
	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ULL;
	return share.first + (__u32)((hash >> 32) * share.count >> 32);
}

/**
 * cgfence_denial_choose_way() - choose the record of a subject in a set.
 * @ways: of the set
 * @members: in a standing fence, whose they are; NULL in others
 * @record: with the subject
 * @member: whose that is
 * @known: receives all bits if the chosen one is of this subject already, and none if it is unused or must make room
 *
 * Return: the index of the way that holds the subject, which counts as the oldest of all; otherwise of an unused one;
 * otherwise of the one whose last refusal is oldest, give or take 4 ns. An unused way is all 0 and matches no subject,
 * since the type of a subject is not 0.
 */
static __always_inline __u32 cgfence_denial_choose_way(const struct cgfence_denial_record *ways,
						       const __u64 *members,
						       const struct cgfence_denial_record *record,
						       __u64 member, __u64 *known)
{
	/* Later than all times, and not so late that the difference to those below 0 has another bit. */
	__s64 oldest = (1LL << 62) - 2 * CGFENCE_DENIAL_WAYS;
	__u64 word = cgfence_denial_word(record);
	__u64 minor = record->subject.minor;
	__u64 i;

	for (i = 0; i < CGFENCE_DENIAL_WAYS; i++) {
		__u64 difference;
		__u64 age;

		/* Keeps the compiler from unrolling the loop: a program must fit into a page. */
		__asm__ volatile("" : "+r"(i));
		difference = (cgfence_denial_word(ways) ^ word) | (ways->subject.minor ^ minor);
		if (members)
			difference |= members[i] ^ member;
		difference |= -difference;
		/* Keeps the compiler from making branches. */
		__asm__ volatile("" : "+r"(difference));
		/* All bits if there is no difference, else none. */
		age = (difference >> 63) - 1;
		/* When it was refused last, with the index in the lowest bits. */
		age = ((age | ways->last_ns) & -(__u64)CGFENCE_DENIAL_WAYS) | i;
		age -= (__u64)oldest;
		/* All bits if it is less, else none: these are times since the boot, or below 0. */
		oldest += (__s64)age & (__s64)age >> 62;
		ways++;
	}
	*known = (__u64)(oldest >> 63);
	return oldest & (CGFENCE_DENIAL_WAYS - 1);
}
