/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A policy as it was written: its names, paths and patterns, and not what they stand for. It is JSON without blanks, its
 * keys and entries in their order.
 */
#pragma once

#include "policy/policy.h"

#include <jansson.h>

/** policy_source_keep() - keep a policy as it was read. @root: valid. Return: 0 or -ENOMEM. */
int policy_source_keep(struct cgfence_policy *policy, const json_t *root);

/**
 * policy_source_set() - write a key otherwise, as the policy itself has been changed.
 * @key: of a policy
 * @value: taken over also on failure; NULL for a failed allocation
 *
 * A policy that was not read from text has no source, and gets none. Return: 0 or -ENOMEM.
 */
int policy_source_set(struct cgfence_policy *policy, const char *key, json_t *value);

/** policy_source_allow() - write a device entry behind those that are allowed; likewise. */
int policy_source_allow(struct cgfence_policy *policy, const char *entry);

/** policy_source_start() - write that it starts from the devices of a list; likewise. */
int policy_source_start(struct cgfence_policy *policy, const char *base);

/** policy_source_drop() - forget how it was written; its numbers count. */
void policy_source_drop(struct cgfence_policy *policy);
