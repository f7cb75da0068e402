// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What bash offers when the tab key is pressed at the end of a line. */
#include "program.h"
#include "support/harness.h"

#include <stdio.h>

TestSuite(completion, .init = harness_begin, .fini = harness_end);

/* The words, each followed by a newline. @line: what follows cgfence */
static const char *complete(const char *line)
{
	static const char script[] =
		"source tools/cgfence.bash; COMP_LINE=\"$1 $2\"; COMP_POINT=${#COMP_LINE};"
		" COMP_WORDS=(\"$1\"); COMP_CWORD=1; _cgfence;"
		" ((${#COMPREPLY[@]} == 0)) || printf '%s\\n' \"${COMPREPLY[@]}\"";
	const struct program_options options = { .by_words = true };
	static struct program_result result;

	result = program_run(&options,
			     WORDS("bash", "--norc", "-c", script, "bash", program_path(), line));
	assert_done(result);
	return result.output;
}

/* In @format and @expected each %s is the path of the test's cgroup without its slash. */
static void assert_completes(const char *format, const char *expected)
{
	const char *path = cgfence_cgroup_path(harness_cgroup()) + 1;
	char words[1024];
	char line[512];

	snprintf(line, sizeof(line), format, path);
	snprintf(words, sizeof(words), expected, path, path, path);
	cr_expect_str_eq(complete(line), words, "'%s' gives '%s', not '%s'", line, complete(line),
			 words);
}

Test(completion, commands_and_options_are_those_of_the_help)
{
	assert_completes("at", "attach\n");
	assert_completes("help den", "denials\n");
	assert_completes("status --", "--json\n--help\n");
	assert_completes("attach --d", "--default\n--dry-run\n");
	assert_completes("attach --tcp 80 --f", "--force\n");
	assert_completes("allow --n", "--node\n");
	assert_completes("run -- true --", "");
	assert_completes("explain /x p", "port\n");
	assert_completes("learn --f", "--for\n");
	assert_completes("learn -- true --", "");
	assert_completes("import --from sy", "systemd\n");
	assert_completes("top --sort mem", "members\n");
	assert_completes("top --sort=exc", "excess\n");
	assert_completes("explain /x port t", "tcp\n");
	assert_completes("allow /x device t", "");
}

Test(completion, descends_into_cgroups)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "inner");

	harness_child_cgroup(child, "leaf");
	assert_completes("attach %s/i", "%s/inner/\n");
	assert_completes("learn %s/i", "%s/inner/\n");
	assert_completes("attach /%s/inner/", "/%s/inner/leaf\n");
	assert_completes("explain %s/inner/l", "%s/inner/leaf\n");
}

Test(completion, names_are_quoted)
{
	harness_child_cgroup(harness_cgroup(), "a b");
	harness_child_cgroup(harness_cgroup(), "dev\\x2ddisk");
	harness_child_cgroup(harness_cgroup(), "dbus:1.2");
	assert_completes("attach %s/a", "%s/a\\ b\n");
	assert_completes("attach %s/a\\ ", "%s/a\\ b\n");
	assert_completes("attach '%s/a", "%s/a b\n");
	assert_completes("attach %s/de", "%s/dev\\\\x2ddisk\n");
	/* A colon begins a new word for bash, which then replaces only that. */
	assert_completes("attach %s/dbus:", "1.2\n");
}

Test(completion, knows_devices)
{
	assert_completes("allow /x device ", "/dev/\n");
	assert_completes("allow /x device /dev/nul", "/dev/null\n");
	assert_completes("explain policy.json device /dev/nul", "/dev/null\n");
}

Test(completion, knows_policy_files)
{
	assert_completes("check tests/policies/valid/ports-a",
			 "tests/policies/valid/ports-any.json\n");
	assert_completes("check a b tests/pol", "tests/policies/\n");
	assert_completes("run --policy=tests/pol", "tests/policies/\n");
	assert_completes("watch --apply tests/pol", "tests/policies/\n");
}

/* What an option takes, and options in the brackets of others, are none of the operands. */
Test(completion, knows_operands_behind_options)
{
	assert_completes("run /usr/bin/mkfif", "/usr/bin/mkfifo\n");
	assert_completes("run -n x --audit -- /usr/bin/mkfif", "/usr/bin/mkfifo\n");
	assert_completes("learn -- /usr/bin/mkfif", "/usr/bin/mkfifo\n");
	assert_completes("import --from lxc tests/import/lxc-v2-deny-all",
			 "tests/import/lxc-v2-deny-all-alone.case.json\n"
			 "tests/import/lxc-v2-deny-all-alone.conf\n");
	assert_completes("import --from compose --part web tests/import/compose-h",
			 "tests/import/compose-host-network.case.json\n"
			 "tests/import/compose-host-network.yaml\n");
}

/* The cgroup of one form is no operand of another. */
Test(completion, a_policy_follows_a_cgroup)
{
	const char *path = cgfence_cgroup_path(harness_cgroup()) + 1;
	char line[512];

	harness_child_cgroup(harness_cgroup(), "inner");
	assert_completes("attach %s/in", "%s/inner\n");
	snprintf(line, sizeof(line), "attach /x %s/in", path);
	cr_expect_str_eq(complete(line), "");
}

Test(completion, knows_fenced_cgroups)
{
	struct cgfence_cgroup *fenced = harness_child_cgroup(harness_cgroup(), "fenced");

	harness_child_cgroup(harness_cgroup(), "open");
	harness_attach(fenced, "{'devices': {}}");
	assert_completes("show ", "/%s/fenced\n");
	assert_completes("detach %s/", "%s/fenced\n");
	assert_completes("status /%s/o", "/%s/open\n");
}
