/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hooks a fence can have, each a link that is pinned under the hook's name. A row of the table is all that a new one
 * takes beside its program: it says how that is loaded, when a fence has it, and what it is asked for.
 */
#pragma once

#include <cgfence/cgfence.h>
#include <linux/bpf.h>

struct hook {
	const char *name; /* of the pin, and in status */

	const char
		*object; /* the file in bpf/ that has its program, without what follows the dot */
	const void *(*elf_bytes)(size_t *size); /* that file, compiled */
	const char *program;			/* the function in it */
	enum bpf_attach_type attach_type;
	/* Of a program that has its policy in place (kernel/policy_address.h); 0 for one that looks it up. */
	enum bpf_prog_type type_in_place;

	/* NULL for a listen guard, which is chosen by trying (fence/guard.c). */
	bool (*wanted)(const struct cgfence_image *image);
	unsigned int guards; /* HOOK_BIT() of each enum cgfence_listen_guard that it is part of */

	enum cgfence_hook records; /* as what its refusals are counted and recorded */
	/* HOOK_BIT() of each family and protocol of a socket that a program here may refuse its port. */
	unsigned int families;
	unsigned int protocols;
};

#define HOOK_BIT(number) (1U << (number))

/* At the least one more than there are. */
#define HOOKS_MAX 16

extern const struct hook hooks[];
extern const int hook_count;

/** hook_is_wanted() - shall a fence with this image have a link on the hook? */
bool hook_is_wanted(const struct hook *hook, const struct cgfence_image *image);

/** hook_topic() - what programs on the hook are about. */
enum cgfence_topic hook_topic(const struct hook *hook);

/** hook_judges() - may a program on the hook refuse something of the topic, or is it only told of it? */
bool hook_judges(const struct hook *hook, enum cgfence_topic topic);

/**
 * hook_judges_port() - is a program on the hook asked for such a request, and may refuse it?
 * @hook: one of ports
 */
bool hook_judges_port(const struct hook *hook, const struct cgfence_port_request *request);

/** hook_guards_tcp() - is there a port on which a TCP socket of the fence may not listen? */
bool hook_guards_tcp(const struct cgfence_image *image);
