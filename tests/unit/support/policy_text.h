/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policies as the tests write them: JSON with ` for ", so that the text stays legible in C. */
#pragma once

#include "policy/policy.h"

#include <criterion/criterion.h>
#include <errno.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A policy that must be refused, and the whole message; messages are written with ` too. */
struct refusal_case {
	const char *name;
	const char *text;
	const char *message;
};

/** policy_text_unquote() - a copy of @text with " for `, to be given to free(). */
char *policy_text_unquote(const char *text);

/** policy_text_parse() - the policy of @text, which must be valid; to be given to cgfence_policy_free(). */
struct cgfence_policy *policy_text_parse(const char *text);

/** policy_text_format() - a policy as one line of JSON, to be given to free(). */
char *policy_text_format(const struct cgfence_policy *policy);

/** policy_text_expect_refusals() - check every case of a table; the origin in messages is "p.json". */
void policy_text_expect_refusals(const struct refusal_case *cases, size_t count);

/** policy_text_expect_same() - do two policies hold the same, field by field? */
void policy_text_expect_same(const struct cgfence_policy *a, const struct cgfence_policy *b,
			     const char *name);

/**
 * policy_text_expect_no_leak() - has all memory been freed? Only a build with ASAN=1 knows.
 *
 * Criterion ends a test without the check that the sanitizer makes at exit, so tests ask for it.
 */
void policy_text_expect_no_leak(void);
