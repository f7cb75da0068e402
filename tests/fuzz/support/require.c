// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz/support/require.h"
#include "base/cleanup.h"
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>

void require(bool condition, const char *what, const char *text)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

char *require_text(const struct cgfence_policy *policy)
{
	struct cgfence_error error = { 0 };
	char *text = NULL;

	require(cgfence_policy_format(policy, &text, &error) == 0, "it cannot be written",
		error.text);
	return text;
}

void require_reads_back(const char *text)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_free char *again = NULL;
	struct cgfence_error error = { 0 };

	require(cgfence_policy_parse(text, strlen(text), "written", &policy, &error) == 0,
		"what was written is refused", error.text);
	again = require_text(policy);
	require(strcmp(text, again) == 0, "what was written reads back differently", again);
}
