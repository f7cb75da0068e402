/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lists of device entries of a policy as it was written, edited with what their words stood for. */
#pragma once

#include "policy/edit_parse.h"
#include "policy/device_lookups.h"

#include <jansson.h>

/** edit_lists_is_words() - is the entry of the edit a path, a driver or a pattern, and not numbers? */
bool edit_lists_is_words(const struct cgfence_edit *edit);

/** edit_lists_open() - let a policy of the Mesos form have its lists in "devices". Return: 0 or -ENOMEM. */
int edit_lists_open(json_t *root);

/**
 * edit_lists_trim() - take the access of an edit from the entries against it that are about its devices alone.
 * @past: what the words stood for, which is edited with them
 *
 * Allowing takes it from what denies, and revoking from what allows. Where words that deny stand for other devices too,
 * they become numbers; words that allow stay, unless they are those of the edit.
 *
 * Return: 0 or -ENOMEM.
 */
int edit_lists_trim(json_t *root, struct device_lookups *past, const struct cgfence_edit *edit);

/** edit_lists_append() - add the entry of an edit: to what is allowed, or what is denied. Return: 0 or -ENOMEM. */
int edit_lists_append(json_t *root, struct device_lookups *past, const struct cgfence_edit *edit);
