// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rules for every command: help, wrong usage, privilege. */
#include "program.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *operands[3];
	int usage_status;
	bool needs_admin;
} commands[] = {
	{ "attach", { "/none" }, 2, true },
	{ "detach", { "/none" }, 2, true },
	{ "allow", { "/none", "device", "c 1:3 r" }, 2, true },
	{ "revoke", { "/none", "device", "c 1:3 r" }, 2, true },
	{ "adopt", { "/none" }, 2, true },
	{ "release", { "/none" }, 2, true },
	{ "apply", { "/none" }, 2, true },
	{ "run", { "true" }, 125, true },
	{ "oci-hook", { "web" }, 2, false },
	{ "list", { NULL }, 2, true },
	{ "status", { NULL }, 2, true },
	{ "show", { "/none" }, 2, true },
	{ "check", { "-" }, 2, false },
	{ "explain", { "-", "device", "c 1:3 r" }, 2, false },
	{ "import", { "--from", "lxc", "-" }, 2, false },
	{ "learn", { "/none" }, 2, true },
	{ "denials", { NULL }, 2, true },
	{ "reconcile", { NULL }, 2, true },
	{ "watch", { NULL }, 2, true },
	{ "top", { NULL }, 2, true },
	{ "metrics", { NULL }, 2, true },
	{ "doctor", { NULL }, 2, false },
	{ "help", { NULL }, 2, false },
};

static const size_t command_count = sizeof(commands) / sizeof(commands[0]);

Test(usage, help_lists_every_command)
{
	struct program_result result = program_run(NULL, WORDS("--help"));

	assert_done(result);
	for (size_t i = 0; i < command_count; i++) {
		char line[32];

		snprintf(line, sizeof(line), "\n  %-10s ", commands[i].name);
		assert_has(result.output, line);
	}
	assert_has(result.output, "\nExample: cgfence ");
}

Test(usage, each_command_has_help)
{
	for (size_t i = 0; i < command_count; i++) {
		struct program_result result = program_run(NULL, WORDS(commands[i].name, "--help"));
		char usage[64];
		char example[64];

		snprintf(usage, sizeof(usage), "Usage: cgfence %s ", commands[i].name);
		snprintf(example, sizeof(example), "\nExample: cgfence %s ", commands[i].name);
		assert_done(result);
		cr_assert_eq(strncmp(result.output, usage, strlen(usage)), 0, "'%s'",
			     result.output);
		assert_has(result.output, example);
		assert_has(result.output, "\n      --help ");
	}
}

Test(usage, the_command_help_prints_the_same)
{
	struct program_result all = program_run(NULL, WORDS("--help"));
	struct program_result result = program_run(NULL, WORDS("help"));

	assert_done(result);
	cr_assert_str_eq(result.output, all.output);
	for (size_t i = 0; i < command_count; i++) {
		struct program_result one = program_run(NULL, WORDS(commands[i].name, "--help"));

		result = program_run(NULL, WORDS("help", commands[i].name));
		assert_done(result);
		cr_assert_str_eq(result.output, one.output);
	}
	assert_fails(program_run(NULL, WORDS("help", "atach")), 2, "did you mean 'attach'?\n");
}

/* Every command of the program is in the table above, or nothing here would hold for it. */
Test(usage, help_lists_no_other_command)
{
	struct program_result result = program_run(NULL, WORDS("--help"));
	const char *line = result.output;
	size_t found = 0;

	while ((line = strstr(line, "\n  "))) {
		line += 3;
		found += *line != ' ';
	}
	cr_assert_eq(found, command_count);
}

Test(usage, help_wins_over_what_is_missing_or_wrong)
{
	struct program_result result = program_run(NULL, WORDS("show", "a", "b", "--help"));

	assert_done(result);
	assert_has(result.output, "Usage: cgfence show [--source] CGROUP|PATTERN\n");
}

Test(usage, help_needs_no_privilege)
{
	const struct program_options options = { .without_admin = true };
	struct program_result result = program_run(&options, WORDS("attach", "--help"));

	assert_done(result);
}

Test(usage, version)
{
	struct program_result result = program_run(NULL, WORDS("--version"));

	assert_done(result);
	cr_assert_str_eq(result.output, "cgfence " CGFENCE_VERSION "\n");
	result = program_run(NULL, WORDS("-V"));
	assert_done(result);
	cr_assert_str_eq(result.output, "cgfence " CGFENCE_VERSION "\n");
}

Test(usage, no_command)
{
	struct program_result result = program_run(NULL, WORDS(NULL));

	assert_fails(result, 2, "cgfence --help");
}

Test(usage, unknown_command_gets_the_nearest)
{
	assert_fails(program_run(NULL, WORDS("atach", "/none")), 2,
		     "unknown command 'atach'; did you mean 'attach'?\n");
	assert_fails(program_run(NULL, WORDS("frobnicate")), 2,
		     "unknown command 'frobnicate'; 'cgfence --help' lists the commands.\n");
	assert_fails(program_run(NULL, WORDS("--hepl")), 2,
		     "unknown option '--hepl'; did you mean '--help'?\n");
}

Test(usage, unknown_option_shows_usage)
{
	for (size_t i = 0; i < command_count; i++) {
		struct program_result result =
			program_run(NULL, WORDS(commands[i].name, "--frobnicate"));
		char usage[64];

		snprintf(usage, sizeof(usage), "\nUsage: cgfence %s ", commands[i].name);
		assert_fails(result, commands[i].usage_status, usage);
		assert_has(result.errors, "frobnicate");
	}
}

Test(usage, option_errors_say_what_is_wrong)
{
	static const struct {
		const char *words[3];
		const char *complaint;
	} cases[] = {
		{ { "status", "--jsno" },
		  "unknown option '--jsno'; did you mean '--json'?\nUsage: cgfence status " },
		{ { "status", "--frobnicate" },
		  "unknown option '--frobnicate'.\nUsage: cgfence status " },
		{ { "status", "--interval=3" }, "unknown option '--interval'.\n" },
		{ { "show", "--json", "/none" }, "unknown option '--json'.\n" },
		{ { "status", "-jx" }, "unknown option '-x'.\n" },
		{ { "status", "--json=3" }, "option '--json' takes no value.\n" },
		{ { "status", "--help=3" }, "option '--help' takes no value.\n" },
		{ { "watch", "--interval" }, "option '--interval' needs a value.\n" },
		{ { "watch", "--interval=never" }, "'never' is not an interval" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_fails(program_run(NULL, WORDS(cases[i].words[0], cases[i].words[1],
						     cases[i].words[2])),
			     2, cases[i].complaint);
	assert_fails(program_run(NULL, WORDS("run", "-p")), 125,
		     "option '-p' needs a value.\nUsage: cgfence run ");
}

Test(usage, json_has_a_letter_wherever_it_is)
{
	for (size_t i = 0; i < command_count; i++) {
		struct program_result result = program_run(NULL, WORDS("help", commands[i].name));

		if (strstr(result.output, "--json "))
			assert_has(result.output, "\n  -j, --json ");
	}
}

Test(usage, missing_argument)
{
	static const char *const lacking[] = { "attach", "allow", "revoke", "adopt", "release",
					       "apply",	 "run",	  "show",   "check", "explain" };

	for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++) {
		struct program_result result = program_run(NULL, WORDS(lacking[i]));

		assert_fails(result, strcmp(lacking[i], "run") == 0 ? 125 : 2, "\nUsage: cgfence ");
		assert_has(result.errors, "missing");
	}
}

Test(usage, too_many_arguments)
{
	static const char *const others[] = { "attach", "detach", "status", "show", "denials" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct program_result result = program_run(NULL, WORDS(others[i], "a", "b", "c"));

		assert_fails(result, 2, "\nUsage: cgfence ");
		assert_has(result.errors, "too many");
	}
}

Test(usage, missing_capability_is_named)
{
	const struct program_options options = { .without_admin = true };

	for (size_t i = 0; i < command_count; i++) {
		const char *const *operands = commands[i].operands;
		struct program_result result;

		if (!commands[i].needs_admin)
			continue;
		result = program_run(&options, WORDS(commands[i].name, operands[0], operands[1],
						     operands[2]));
		assert_fails(result, commands[i].usage_status == 125 ? 125 : 1, "CAP_SYS_ADMIN");
		assert_has(result.errors, commands[i].name);
	}
}

Test(usage, what_reads_only_files_needs_no_privilege)
{
	const struct program_options options = { .without_admin = true,
						 .input = "{'devices': {'defaults': true}}" };

	assert_done(program_run(&options, WORDS("check", "-")));
	assert_done(program_run(&options, WORDS("explain", "-", "device", "c 1:3 r")));
}

Test(usage, lost_output_is_a_failure)
{
	const struct program_options options = { .output_path = "/dev/full" };
	struct program_result result = program_run(&options, WORDS("--help"));

	assert_fails(result, 1, "standard output");
	/* More fails after it, with other reasons. */
	assert_fails(program_run(&options, WORDS("status")), 1,
		     "cannot write to standard output: No space left on device");
	assert_fails(program_run(&options, WORDS("denials", "--follow")), 1,
		     "cannot write to standard output: No space left on device");
}

/* A file that is opened later has another descriptor, and is not written to. */
Test(usage, closed_output_is_a_failure)
{
	static const char *const closing[] = { "--help", "status", "metrics" };

	for (size_t i = 0; i < sizeof(closing) / sizeof(closing[0]); i++) {
		struct program_result result = program_run(
			&(struct program_options){ .by_words = true },
			WORDS("sh", "-c", "exec \"$0\" \"$1\" >&-", program_path(), closing[i]));

		assert_status(result, 1);
		assert_has(result.errors, "cannot write to standard output: Bad file descriptor");
	}
}
