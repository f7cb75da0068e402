// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"
#include "cli/command.h"
#include "report/output.h"

#include <cgfence/apply.h>

static bool offline;
static bool json;

struct check {
	int status;
	json_t *policies; /* NULL unless JSON is asked for */
};

/* The exit status for an invalid policy wins over that for a file that cannot be read. */
static void note(struct check *check, const struct cgfence_error *error)
{
	if (error->invalid_input)
		check->status = STATUS_INVALID;
	else if (check->status == STATUS_DONE)
		check->status = STATUS_FAILED;
}

static json_t *string_or_null(const char *text)
{
	return text ? output_json_string(text) : json_null();
}

static void report(const struct cgfence_policy_checked *checked, void *context)
{
	struct check *check = context;

	if (checked->error)
		note(check, checked->error);
	if (check->policies)
		json_array_append_new(
			check->policies,
			json_pack("{s:o, s:b, s:o, s:o, s:o}", "file",
				  output_json_string(checked->origin), "valid", !checked->error,
				  "name", string_or_null(checked->name), "cgroup",
				  string_or_null(checked->cgroup), "error",
				  string_or_null(checked->error ? checked->error->text : NULL)));
	else if (checked->error)
		output_failure(checked->error);
	else
		output_say("%s is valid.", checked->origin);
}

static int run(const struct arguments *arguments)
{
	struct check check = { .policies = json ? json_array() : NULL };
	struct cgfence_error error = { 0 };

	if (cgfence_policy_check((const char *const *)arguments->operands, arguments->operand_count,
				 offline ? CGFENCE_POLICY_CHECK_OFFLINE : 0, report, &check,
				 &error)) {
		json_decref(check.policies);
		return output_failure(&error);
	}
	if (json && output_json(json_pack("{s:b, s:o}", "valid", check.status == STATUS_DONE,
					  "policies", check.policies)) != STATUS_DONE)
		return STATUS_FAILED;
	return check.status;
}

static const struct command_option options[] = {
	{ 0, "offline", NULL, "do not look up devices on this host; the policy is for another one",
	  &offline, NULL },
	COMMAND_OPTION_JSON(json, "one JSON object"),
	{ 0 },
};

const struct command command_check = {
	.name = "check",
	.synopsis = "[-j] [--offline] POLICY.json|DIR|-...",
	.summary = "validate policies without changing anything",
	.description =
		"Reports every file that is invalid, and policies that name the same cgroup. Of a directory, all files\n"
		"that end in .json are read. Devices that a policy names by path must exist on this host, except with\n"
		"--offline. Needs no privilege. Exits with 2 if a policy is invalid.",
	.example = "cgfence check --offline /etc/cgfence",
	.options = options,
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.usage_status = STATUS_INVALID,
	.run = run,
};
