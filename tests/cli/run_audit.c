// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fields.h"
#include "program.h"
#include "support/harness.h"

#include <stdio.h>

TestSuite(run_audit, .init = harness_begin, .fini = harness_end);

#define SCRIPT ": </dev/zero; : </dev/full; exit 5"

static struct program_result audit(const char *const *words)
{
	const struct program_options options = {
		.cgroup = harness_cgroup(),
		.input = "{'devices': {'allow': ['/dev/zero r']}}",
	};

	return program_run(&options, words);
}

static const char *report_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

Test(run_audit, refuses_nothing_and_says_what_it_would_have)
{
	struct program_result result =
		audit(WORDS("run", "--audit", "-p", "-", "--", "sh", "-c", SCRIPT));

	cr_expect_eq(result.status, 5);
	assert_has(result.errors, "the policy would have refused /dev/full r to sh, 1 time: ");
	assert_lacks(result.errors, "/dev/zero");
}

Test(run_audit, fails_if_asked_to)
{
	assert_status(audit(WORDS("run", "--audit", "--fail", "-p", "-", "--", "sh", "-c", SCRIPT)),
		      3);
	assert_status(audit(WORDS("run", "--audit", "--fail", "-p", "-", "--", "sh", "-c",
				  ": </dev/zero")),
		      0);
}

Test(run_audit, reports_in_json)
{
	const char *path = report_path("report.json");
	json_t *report;
	json_t *request;

	audit(WORDS("run", "--audit", "--report", path, "-p", "-", "--", "sh", "-c", SCRIPT));
	report = json_load_file(path, 0, NULL);
	expect_keys(report, "command policy exit refused requests");
	cr_expect_eq(number_of(report, "exit"), 5);
	cr_expect_eq(number_of(report, "refused"), 1);
	cr_expect_eq(json_array_size(json_object_get(report, "requests")), 2);
	request = json_array_get(json_object_get(report, "requests"), 0);
	expect_keys(request, "what verdict reason count who pid first last");
	cr_expect_str_eq(text_of(request, "what"), "/dev/zero r");
	cr_expect_str_eq(text_of(request, "verdict"), "allowed");
	request = json_array_get(json_object_get(report, "requests"), 1);
	cr_expect_str_eq(text_of(request, "what"), "/dev/full r");
	cr_expect_str_eq(text_of(request, "verdict"), "refused");
	json_decref(report);
}

/* The name of the process is its own, and must not end what it stands in. */
Test(run_audit, reports_as_junit)
{
	const char *path = report_path("report.xml");
	char text[4096] = "";
	FILE *file;

	audit(WORDS("run", "--audit", "--report", path, "-p", "-", "--", "sh", "-c",
		    "printf '\"<&' >/proc/$$/comm; " SCRIPT));
	file = fopen(path, "re");
	cr_assert_not_null(file);
	cr_assert_gt(fread(text, 1, sizeof(text) - 1, file), 0);
	fclose(file);
	assert_has(text, "<testsuite name=\"cgfence\" tests=\"2\" failures=\"1\"");
	assert_has(text, "<testcase classname=\"cgfence.devices\" name=\"/dev/full r\">\n"
			 "      <failure type=\"refused\" message=\"no allow entry");
	assert_has(text, "1 time by &quot;&lt;&amp;, first ");
	assert_has(text, "name=\"/dev/zero r\">\n      <system-out>the allow entry");
}

Test(run_audit, faults)
{
	assert_fails(audit(WORDS("run", "--fail", "--", "true")), 125, "need --audit");
	assert_fails(audit(WORDS("run", "--report", "x", "--", "true")), 125, "need --audit");
	assert_fails(audit(WORDS("run", "--audit", "--report", "/nowhere/x", "--", "true")), 125,
		     "cannot write the report '/nowhere/x': No such file");
	/* It is told before the command runs. */
	assert_lacks(audit(WORDS("run", "--audit", "--report", "/nowhere/x", "--", "echo", "ran"))
			     .output,
		     "ran");
}

/* What a container has is known to nobody here, and the command may run for long. */
Test(run_audit, a_policy_that_cannot_judge_is_refused_before_the_command_runs)
{
	const struct program_options options = {
		.input = "{\"devices\": {\"defaults\": \"container\"}}"
	};
	struct program_result result =
		program_run(&options, WORDS("run", "--audit", "-p", "-", "--", "echo", "ran"));

	assert_fails(result, 125, "which only oci-hook has");
	assert_lacks(result.output, "ran");
}
