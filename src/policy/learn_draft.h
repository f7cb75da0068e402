/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The policy that grows as a lesson is written into it: JSON text, in the words that it had. */
#pragma once

#include "policy/lesson.h"
#include "policy/policy.h"

#include <jansson.h>

struct learn_draft {
	json_t *root;
	struct cgfence_policy *policy; /* what @root means on this host */
	const char *origin;
};

/**
 * learn_draft_begin() - begin with an earlier policy.
 * @earlier: JSON text; NULL for one that allows nothing
 * @draft: to be given to learn_draft_end() also on failure
 */
int learn_draft_begin(struct learn_draft *draft, const char *earlier, size_t length,
		      const char *origin, struct cgfence_error *error);

/** learn_draft_end() - free it. */
void learn_draft_end(struct learn_draft *draft);

/** learn_draft_allow() - add an entry to those that are allowed. Return: 0 or -ENOMEM. */
int learn_draft_allow(struct learn_draft *draft, const char *entry, struct cgfence_error *error);

/** learn_draft_set_base() - start from a list of devices, unless the policy starts from one. Return: was it done? */
bool learn_draft_set_base(struct learn_draft *draft, enum device_base base);

/** learn_draft_set_ports() - write the ports of draft->policy, which the caller has changed. */
int learn_draft_set_ports(struct learn_draft *draft, struct cgfence_error *error);

/** learn_draft_read() - find out again what the text means. */
int learn_draft_read(struct learn_draft *draft, struct cgfence_error *error);

/** learn_draft_text() - the text; @text receives it, to be given to free(). */
int learn_draft_text(const struct learn_draft *draft, char **text, struct cgfence_error *error);
