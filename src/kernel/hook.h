/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hooks a fence can have, each a link that is pinned under the hook's name. A new hook needs its program and a row
 * of the table, which tells how the program is loaded, when a fence has it, and what the kernel asks it.
 */
#pragma once

#include <cgfence/cgfence.h>
#include <linux/bpf.h>
#include <stdbool.h>

enum { HOOK_ORDINARY, HOOK_STANDING, HOOK_SHARED, HOOK_KIND_COUNT };
enum { HOOK_FULL, HOOK_LEAN, HOOK_LEAN_COUNT };

typedef const void *hook_bytes(size_t *size);

struct hook {
	const char *name; /* of the pin, and in status */

	const char *object; /* the file in bpf/ that has its program, without .bpf.c */
	/*
	 * That file, compiled, and without what most fences do not need (bpf/lean.bpf.h); for standing fences too, and for
	 * those that may share it (bpf/own.bpf.h).
	 */
	hook_bytes *versions[HOOK_KIND_COUNT][HOOK_LEAN_COUNT];
	bool (*is_lean)(const struct cgfence_image
				*image); /* is the second enough? NULL if they are the same */
	const char *program;		 /* the function in it */
	enum bpf_attach_type attach_type;
	/* Of a program whose section libbpf does not know (POLICY_SEC in bpf/maps.bpf.h); 0 for others. */
	enum bpf_prog_type type_in_place;
	bool reads_kernel; /* its object is adapted to the types of the kernel */

	/* NULL for a listen guard, which is chosen by trying (fence/guard.c). */
	bool (*wanted)(const struct cgfence_image *image);
	unsigned int guards; /* HOOK_BIT() of each enum cgfence_listen_guard that it is part of */

	enum cgfence_hook records; /* how its refusals are counted and recorded */
	/* HOOK_BIT() of each family and protocol of a socket that a program here may refuse its port. */
	unsigned int families;
	unsigned int protocols;
};

#define HOOK_BIT(number) (1U << (number))

/* Greater than the number of hooks. */
#define HOOKS_MAX 16

extern const struct hook hooks[];
extern const int hook_count;

/** hook_object() - the bytes of the object from which a fence with this image gets the program, and their @size. */
const void *hook_object(const struct hook *hook, const struct cgfence_image *image, size_t *size);

/** hook_may_share() - is there a version of the program that fences may share? */
bool hook_may_share(const struct hook *hook);

/** hook_is_wanted() - does a fence with this image have a link on the hook? */
bool hook_is_wanted(const struct hook *hook, const struct cgfence_image *image);

/** hook_topic() - the topic of programs on the hook. */
enum cgfence_topic hook_topic(const struct hook *hook);

/** hook_judges() - may a program on the hook refuse something of the topic, rather than only learn of it? */
bool hook_judges(const struct hook *hook, enum cgfence_topic topic);

/**
 * hook_judges_port() - does the kernel ask a program on the hook about such a request, and may it refuse?
 * @hook: one of ports
 */
bool hook_judges_port(const struct hook *hook, const struct cgfence_port_request *request);

/** hook_guards_tcp() - is there a port on which a TCP socket of the fence may not listen? */
bool hook_guards_tcp(const struct cgfence_image *image);
