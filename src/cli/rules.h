/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policies of what the owner of a cgroup has written. */
#pragma once

#include <cgfence/cgfence.h>

/* What versions of a runtime differ in, so that the kernel has to be asked which one it was. */
enum rules_variant {
	RULES_AS_WRITTEN,
	RULES_OF_OTHER_VERSION, /* with /dev/net/tun, c 10:200, allowed by the runtime itself or not */
};

/** rules_read_text() - rules_read_policy(), as JSON; @text receives it, to be given to free(). */
int rules_read_text(const struct cgfence_cgroup *cgroup, enum rules_variant variant, char **text,
		    struct cgfence_error *error);

/**
 * rules_read_policy() - make a policy of the rules that cgfence_cgroup_find_rules() finds.
 * @policy: receives the policy
 *
 * Return: 0, -ENOENT if there are no rules, or no such variant; another -errno.
 */
int rules_read_policy(const struct cgfence_cgroup *cgroup, enum rules_variant variant,
		      struct cgfence_policy **policy, struct cgfence_error *error);
