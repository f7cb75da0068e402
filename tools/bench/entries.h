/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device entries that all filters are given, in the words of each. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct entry {
	char type;
	int major; /* -1 is any */
	int minor; /* -1 is any */
	const char *access;
};

/**
 * entries_get() - the @index-th: first the 14 of the defaults, then devices with numbers of their own.
 * @access: to those that are not of the defaults. What runc generates for less than "rwm" is longer, and more for the
 *	verifier to do.
 */
struct entry entries_get(size_t index, const char *access);

/** entries_policy() - a policy of the first @count for cgfence, with ' for ", to be given to free(). */
char *entries_policy(size_t count, const char *access, bool enforce);

/** entries_runc() - the same as the "devices" of an OCI configuration. */
json_t *entries_runc(size_t count, const char *access);
