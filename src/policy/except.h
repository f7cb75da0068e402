/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* "except": patterns of names that a pattern in "cgroup" is not for. */
#pragma once

#include "base/json_reader.h"

/*
 * In a policy they are one string, in ascending order, with a slash behind each: no name has one.
 */

/** policy_read_except() - read the list into a char *, to be given to free(); see struct reader_key. */
int policy_read_except(struct reader *reader, const json_t *value, void *target);

/** policy_write_except() - the list. Return: NULL if out of memory. */
json_t *policy_write_except(const char *except);
