/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs of somebody else, one for each hook of a fence. Each refuses one thing that the policies of these tests
 * allow, which shows whether the kernel asks it. The sockops program cannot refuse, so it counts.
 */
#pragma once

#include "support/sockets.h"

#include <linux/bpf.h>

/* How a program is attached. */
enum foreign_way {
	FOREIGN_NONE, /* BPF_PROG_ATTACH without flags: no other on the cgroup, nor below */
	FOREIGN_OVERRIDE,
	FOREIGN_MULTI,
	FOREIGN_LINK,
	FOREIGN_WAY_COUNT,
};

extern const char *const foreign_way_names[FOREIGN_WAY_COUNT];

struct foreign_hook {
	const char *name; /* as cgfence calls it */
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	size_t field; /* of the context, that is compared with @value */
	uint32_t value;
	const char *refused; /* the endpoint, device or protocol that the program refuses */
};

#define FOREIGN_HOOK_COUNT 7
#define FOREIGN_DEVICE 0
#define FOREIGN_BIND4 1
#define FOREIGN_SOCKOPS 6

extern const struct foreign_hook foreign_hooks[FOREIGN_HOOK_COUNT];

struct foreign {
	const struct foreign_hook *hook;
	const struct cgfence_cgroup *cgroup;
	enum foreign_way way;
	int program;
	uint32_t id;
	int link;  /* -1 if it has none */
	int calls; /* a map, for sockops */
};

/* The policies allow what the foreign programs refuse, and refuse something else. */
#define FOREIGN_POLICY_DEVICES "{'devices': {'allow': ['c 1:3 rw', 'c 1:5 rw']}}"
#define FOREIGN_POLICY_PORTS "{'ports': [8080, 8081]}"

/** foreign_policy() - the one of the two policies that uses the hook. */
const char *foreign_policy(const struct foreign_hook *hook);

/** foreign_load() - load the program of a hook; nothing is attached yet. */
struct foreign foreign_load(const struct foreign_hook *hook);

/** foreign_try_attach() - attach it. Return: 0 or errno. */
int foreign_try_attach(struct foreign *foreign, const struct cgfence_cgroup *cgroup,
		       enum foreign_way way);

/** foreign_attach() - load and attach a program; the test fails if that fails. */
struct foreign foreign_attach(const struct foreign_hook *hook, const struct cgfence_cgroup *cgroup,
			      enum foreign_way way);

/** foreign_detach() - detach it, as its owner does. Return: 0 or errno. */
int foreign_detach(struct foreign *foreign);

/** foreign_close() - close the descriptors; what was not attached by a link stays. */
void foreign_close(struct foreign *foreign);

/** foreign_is_asked() - does the kernel ask the program about a process in @cgroup? */
bool foreign_is_asked(const struct foreign *foreign, const struct cgfence_cgroup *cgroup);

/** foreign_fence_refuses() - does a fence of foreign_policy() refuse in @cgroup what it should? */
bool foreign_fence_refuses(const struct foreign_hook *hook, const struct cgfence_cgroup *cgroup);

/* The programs on a hook of a cgroup itself. */
struct foreign_list {
	uint32_t ids[64];
	uint32_t count;
	uint32_t flags;
};

/** foreign_query() - the programs on a hook of a cgroup itself, in the order in which the kernel asks them. */
struct foreign_list foreign_query(const struct foreign_hook *hook,
				  const struct cgfence_cgroup *cgroup);
