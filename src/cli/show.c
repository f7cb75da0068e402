// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "cli/named.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "report/output.h"
#include "report/printable.h"

#include <stdio.h>
#include <string.h>

static bool source;

static int format(const struct cgfence_fence *fence, char **text, struct cgfence_error *error)
{
	return source ? cgfence_fence_source(fence, text, error)
		      : cgfence_policy_format(cgfence_fence_policy(fence), text, error);
}

/* Blanks are left out where attach would not take it back for its length. */
static char *make_printable(const char *text)
{
	return strlen(text) > CGFENCE_POLICY_SIZE_MAX
		       ? output_json_text(json_loads(text, 0, NULL), JSON_COMPACT)
		       : printable_json(text);
}

static int run(const struct arguments *arguments)
{
	cleanup_named struct named_fence named = { 0 };
	struct cgfence_error error = { 0 };
	cleanup_free char *text = NULL;
	cleanup_free char *printable = NULL;

	if (named_open(arguments->operands[0], false, &named, &error) ||
	    format(named.fence, &text, &error))
		return output_failure(&error);
	printable = make_printable(text);
	if (!printable) {
		error_out_of_memory(&error);
		return output_failure(&error);
	}
	puts(printable);
	return STATUS_DONE;
}

static const struct command_option options[] = {
	{ 0, "source", NULL, "print the policy as it was written, before its words became numbers",
	  &source, NULL },
	{ 0 },
};

const struct command command_show = {
	.name = "show",
	.synopsis = "[--source] CGROUP|PATTERN",
	.summary = "print the policy in force as JSON",
	.description =
		"The policy is read back from the kernel and normalised: lists are sorted and nothing is repeated.\n"
		"attach takes it back unchanged.\n"
		"With --source it is the policy as it was written, with the names, paths and patterns that watch and apply\n"
		"resolve again, and with what allow and revoke have changed since.",
	.example = "cgfence show /machine/web | cgfence attach /machine/new -",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
