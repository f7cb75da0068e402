/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The policy that an import writes: words, which are looked up where and when it is attached. */
#pragma once

#include "import/importing.h"
#include "policy/device_rule.h"

/** draft_devices() - give the policy a section for devices, empty unless it has one. Return: 0 or -ENOMEM. */
int draft_devices(struct importing *import);

/** draft_set() - set a key of the policy; takes the reference of @value. Return: 0 or -ENOMEM. */
int draft_set(struct importing *import, const char *key, json_t *value);

/** draft_set_base() - set "defaults" of the devices. Return: 0 or -ENOMEM. */
int draft_set_base(struct importing *import, const char *base);

/**
 * draft_add_entry() - add a device entry.
 * @list: "allow" or "deny"
 * @text: such as "-c hidraw:* rw"
 *
 * Return: 0, -EINVAL if it is no entry, with the reason in the error, -ENOMEM.
 */
int draft_add_entry(struct importing *import, const char *list, const char *text);

/** draft_add_rules() - add an entry for each rule. Return: 0 or -ENOMEM. */
int draft_add_rules(struct importing *import, const struct device_rules *rules);
