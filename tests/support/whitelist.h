/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device programs as container runtimes attach them: a list of what is allowed, and nothing else. */
#pragma once

#include <cgfence/cgfence.h>
#include <linux/bpf.h>
#include "support/whitelist_program.h"

struct whitelist {
	const struct cgfence_cgroup *cgroup;
	int program;
	uint32_t id;
};

/* What runc's list comes to for these tests, and the policy that says the same. */
#define WHITELIST_USUAL_POLICY \
	"{'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r', 'c 136:* rw']}}"
extern const struct whitelist_entry whitelist_usual[5];

/** whitelist_load() - load a program that allows these entries. */
struct whitelist whitelist_load(const struct whitelist_entry *entries, size_t count);

/** whitelist_load_named() - the same of a program with another name; NULL for none, as runc and crun have it. */
struct whitelist whitelist_load_named(const char *name, const struct whitelist_entry *entries,
				      size_t count);

/** whitelist_attach() - attach it with flags of BPF_PROG_ATTACH; the test fails if that fails. */
void whitelist_attach(struct whitelist *whitelist, const struct cgfence_cgroup *cgroup,
		      unsigned int flags);

/** whitelist_put() - both, for whitelist_usual and BPF_F_ALLOW_MULTI. */
struct whitelist whitelist_put(const struct cgfence_cgroup *cgroup);

/** whitelist_take() - detach it, as its owner does. Return: 0 or errno. */
int whitelist_take(const struct whitelist *whitelist);

/** whitelist_close() - close its descriptor; what is attached stays. */
void whitelist_close(struct whitelist *whitelist);

/* The device programs of a cgroup itself, in the order in which the kernel has them. */
struct whitelist_programs {
	uint32_t ids[64];
	uint32_t count;
	uint32_t flags;
};

/** whitelist_query() - list them. */
struct whitelist_programs whitelist_query(const struct cgfence_cgroup *cgroup);
