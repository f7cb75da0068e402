/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Changing one thing of a policy: what `allow` and `revoke` do, as functions of policies alone. */
#pragma once

#include "policy/policy.h"

struct cgfence_edit {
	enum cgfence_edit_action action;
	enum cgfence_topic topic;
	struct device_entry entry;	/* CGFENCE_TOPIC_DEVICES */
	enum cgfence_protocol protocol; /* CGFENCE_TOPIC_PORTS */
	struct port_set ports;		/* CGFENCE_TOPIC_PORTS */
	char *text;			/* what is allowed or revoked, normalised */
};

/**
 * policy_edit() - the policy that an edit makes of another.
 * @policy: normalised
 * @edited: receives the new policy, which says the same as @policy if there was nothing to do; to be given to
 *	cgfence_policy_free()
 *
 * Return: 0, -EINVAL if the policy does not fence what the edit is about or the edit would not have the effect that it
 * promises, -ENOMEM.
 */
int policy_edit(const struct cgfence_policy *policy, const struct cgfence_edit *edit,
		struct cgfence_policy **edited, struct cgfence_error *error);

/**
 * policy_edit_devices() - the same for the device rules.
 * @before: what is to be edited
 * @policy: a copy of it, which is edited in place; its rules may be half changed on failure
 */
int policy_edit_devices(const struct cgfence_policy *before, const struct cgfence_edit *edit,
			struct cgfence_policy *policy, struct cgfence_error *error);

static inline void cleanup_free_edit(struct cgfence_edit **edit)
{
	cgfence_edit_free(*edit);
}

#define cleanup_edit __attribute__((cleanup(cleanup_free_edit)))
