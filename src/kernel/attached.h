/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs that are attached to a hook, by anybody. */
#pragma once

#include "base/cleanup.h"
#include "kernel/hook.h"

/* The most that the kernel attaches to one hook of a cgroup (BPF_CGROUP_MAX_PROGS, kernel/bpf/cgroup.c). */
#define ATTACHED_MAX 64

struct attached_program {
	uint32_t id;
	uint32_t
		flags; /* BPF_F_ALLOW_OVERRIDE or BPF_F_ALLOW_MULTI, or 0; 0 where effective ones were asked for */
};

struct attached {
	struct attached_program *programs;
	uint32_t count;
};

/**
 * attached_read() - list the programs on a hook of a cgroup.
 * @cgroup: descriptor of its directory
 * @query_flags: 0 for its own; BPF_F_QUERY_EFFECTIVE for all that the kernel asks there, the inherited ones last
 * @attached: receives the list, to be given to attached_release()
 *
 * For the LSM hook it lists the programs on every LSM hook.
 *
 * Return: 0, -EINVAL if this kernel has no such hook, another -errno.
 */
int attached_read(int cgroup, const struct hook *hook, uint32_t query_flags,
		  struct attached *attached);

/** attached_release() - free the list. */
void attached_release(struct attached *attached);

#define cleanup_attached __attribute__((cleanup(attached_release)))

/* A walk from a cgroup up to the root. */
struct ascent {
	const struct cgfence_cgroup *cgroup; /* where it began */
	unsigned int above;		     /* how far it has come */
	int fd;				     /* of the cgroup it has come to, which it owns */
};

#define cleanup_ascent __attribute__((cleanup(ascent_end)))

/** ascent_begin() - begin at a cgroup. Return: 0 or -errno. */
int ascent_begin(struct ascent *ascent, const struct cgfence_cgroup *cgroup);

/** ascent_go_up() - go to the cgroup above. Return: 0, -ENOENT if this is the root, another -errno. */
int ascent_go_up(struct ascent *ascent);

/** ascent_end() - close the descriptor. */
void ascent_end(struct ascent *ascent);
