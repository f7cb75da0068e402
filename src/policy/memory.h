/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a fence remembers of its policy: how it was written, and the numbers that its words stood for. */
#pragma once

#include "policy/policy.h"

#include <jansson.h>

/** policy_memory_source() - the source of a policy; that of its numbers if it has none. Return: NULL if out of memory. */
json_t *policy_memory_source(const struct cgfence_policy *policy);

/**
 * policy_memory_pack() - what a fence is to remember.
 * @text: receives it, to be given to free()
 *
 * Return: 0 or -errno.
 */
int policy_memory_pack(const struct cgfence_policy *policy, char **text,
		       struct cgfence_error *error);

/**
 * policy_memory_differs() - is a policy written otherwise, or do its words stand for something else?
 * @packed: what a fence remembers; NULL for nothing
 */
bool policy_memory_differs(const struct cgfence_policy *policy, const char *packed);

/**
 * policy_memory_unpack() - take apart what was packed.
 * @source: receives the policy as it was written, to be given to json_decref()
 * @past: receives what its words stood for, to be given to device_lookups_free()
 */
int policy_memory_unpack(const char *packed, json_t **source, struct device_lookups *past,
			 struct cgfence_error *error);

/** policy_memory_read_past() - the policy as it was written, with the numbers that its words stood for. */
int policy_memory_read_past(const json_t *source, const struct device_lookups *past,
			    struct cgfence_policy **policy, struct cgfence_error *error);

/** policy_memory_read_lookups() - the words, as words to be resolved again, and what they stood for. */
int policy_memory_read_lookups(const char *packed, struct device_lookups *lookups);

/**
 * policy_memory_words() - how a policy is written that has words.
 * @words: receives the source, to be given to free(); NULL if it is of numbers alone
 */
int policy_memory_words(const char *packed, char **words, struct cgfence_error *error);

/** policy_memory_explain() - which words stand for what in a policy that was resolved again. @reason: to be given to free() */
int policy_memory_explain(const char *packed, const struct cgfence_policy *policy, char **reason,
			  struct cgfence_error *error);

/** policy_memory_fit() - leave out what the fence has no use for: exceptions, if it is on one cgroup. */
void policy_memory_fit(struct cgfence_policy *remembered, const struct cgfence_policy *in_force);

/** policy_memory_format() - what was packed, as JSON for people. @text: receives it, to be given to free() */
int policy_memory_format(const char *packed, char **text, struct cgfence_error *error);

/**
 * policy_memory_read() - resolve again what was packed.
 * @policy: receives what it means now, to be given to cgfence_policy_free()
 *
 * What is allowed and matches nothing any more stands for nothing. What is denied then keeps the numbers that it stood
 * for.
 *
 * Return: 0, -EINVAL if it cannot be resolved, such as a pattern that matches too many nodes; another -errno.
 */
int policy_memory_read(const char *packed, struct cgfence_policy **policy,
		       struct cgfence_error *error);
