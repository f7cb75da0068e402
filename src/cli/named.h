/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fence that an operand names: that of a cgroup, or the standing fence of a pattern. */
#pragma once

#include <cgfence/standing.h>

struct named_fence {
	uint64_t id;
	struct cgfence_cgroup *cgroup; /* the fence root or the anchor */
	struct cgfence_fence *fence;
	char *name; /* the path of the fence root, or the pattern */
};

/**
 * named_open() - open the fence of a name.
 * @standing: only a standing fence is meant
 * @named: zeroed; to be given to named_release() also on failure
 *
 * A cgroup that is there and has a fence of its own comes before a standing fence of the same name.
 *
 * It complains of a further fence of a cgroup that another bpffs has.
 *
 * Return: 0, -ENOENT if there is no fence of that name, with the one that holds for it if one does, -EBUSY if another
 * bpffs has it, another -errno.
 */
int named_open(const char *name, bool standing, struct named_fence *named,
	       struct cgfence_error *error);

/**
 * named_open_anchor() - open the anchor of a standing fence, which has "id:N" for its path where no mount shows it.
 * @anchor: receives it, to be given to cgfence_cgroup_close()
 */
int named_open_anchor(const struct cgfence_fence *fence, struct cgfence_cgroup **anchor,
		      struct cgfence_error *error);

/** named_release() - close it. */
void named_release(struct named_fence *named);

#define cleanup_named __attribute__((cleanup(named_release)))

/** named_say_holder() - set the error that a cgroup has no fence of its own, with the fence that holds for it if one does. */
int named_say_holder(const struct cgfence_cgroup *cgroup, struct cgfence_error *error);

/** named_say_unchanged() - say that a cgroup has no fence to take away, and which one holds for it all the same. */
void named_say_unchanged(const struct cgfence_cgroup *cgroup);
