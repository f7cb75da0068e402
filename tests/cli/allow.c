// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* allow and revoke, as an operator uses them. */
#include "program.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

TestSuite(allow, .init = harness_begin, .fini = harness_end);

static const char *path(void)
{
	return cgfence_cgroup_path(harness_cgroup());
}

static struct program_result change(const char *command, const char *topic, const char *a,
				    const char *b)
{
	return program_run(NULL, WORDS(command, path(), topic, a, b));
}

static void assert_says(const struct program_result *result, const char *format)
{
	char expected[256];

	snprintf(expected, sizeof(expected), format, path());
	cr_assert_str_eq(result->output, expected);
}

static json_int_t generation(void)
{
	json_t *status = program_status(harness_cgroup());
	json_int_t number = json_integer_value(json_object_get(status, "generation"));

	json_decref(status);
	return number;
}

Test(allow, a_device_is_revoked_and_allowed_again)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}}");
	result = change("revoke", "device", "c 1:3 wr", NULL);
	assert_done(result);
	assert_says(&result, "Revoked device c 1:3 rw in %s.\n");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	result = program_run(NULL, WORDS("show", path()));
	assert_has(result.output, "\"defaults\": true");
	assert_has(result.output, "\"c 1:3 rw\"");
	/* An unquoted entry is several words. */
	result = program_run(NULL, WORDS("allow", path(), "device", "c", "1:3", "rw"));
	assert_done(result);
	assert_says(&result, "Allowed device c 1:3 rw in %s.\n");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), 0);
	cr_assert_eq(generation(), 3);
}

Test(allow, words_stand_for_devices_on_the_command_line_as_in_a_policy)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['/dev/[nz][ue][lr][lo] rw']}}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), 0);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:5", O_RDWR), 0);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:7", O_RDWR), EPERM);
	result = change("revoke", "device", "/dev/[nz][ue][lr][lo] w", NULL);
	assert_done(result);
	assert_says(&result, "Revoked device /dev/[nz][ue][lr][lo] w in %s.\n");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), EPERM);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), 0);
	/* All of the driver, whose major is 1. */
	assert_done(change("allow", "device", "c mem:* rw", NULL));
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:7", O_RDWR), 0);
	result = change("allow", "device", "b mem:* rw", NULL);
	cr_assert_eq(result.status, 2);
	assert_has(result.errors, "no driver of block devices on this host has the name 'mem'");
}

/* Its '-' is that of no option. */
Test(allow, an_optional_entry_is_no_option)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	assert_done(change("allow", "device", "-/dev/cgfence-absent rw", NULL));
	assert_done(change("allow", "device", "-c cgfence-absent:* rw", NULL));
	assert_done(
		program_run(NULL, WORDS("allow", path(), "device", "-c", "cgfence-other:*", "r")));
	assert_done(
		program_run(NULL, WORDS("allow", path(), "--", "device", "-/dev/cgfence-else r")));
	result = program_run(NULL, WORDS("show", "--source", path()));
	assert_has(result.output, "\"-/dev/cgfence-absent rw\"");
	assert_has(result.output, "\"-c cgfence-absent:* rw\"");
	assert_has(result.output, "\"-c cgfence-other:* r\"");
	assert_has(result.output, "\"-/dev/cgfence-else r\"");
	/* What may stand for nothing can be taken back, and is denied as what it stands for. */
	assert_done(change("revoke", "device", "-/dev/cgfence-absent rw", NULL));
	assert_lacks(program_run(NULL, WORDS("show", "--source", path())).output,
		     "/dev/cgfence-absent");
	assert_done(change("allow", "device", "a *:* r", NULL));
	assert_done(change("revoke", "device", "-/dev/null r", NULL));
	assert_has(program_run(NULL, WORDS("show", "--source", path())).output, "\"/dev/null r\"");
	assert_lacks(program_run(NULL, WORDS("show", "--source", path())).output,
		     "\"-/dev/null r\"");
	assert_fails(program_run(NULL, WORDS("explain", path(), "device", "-/dev/null r")), 2,
		     "a request is for one device, without '-'");
	assert_fails(program_run(NULL, WORDS("explain", "-c", path(), "device", "/dev/null r")), 2,
		     "unknown option '-c'");
}

Test(allow, ports_come_in_any_form)
{
	struct program_result result;
	json_t *shown;
	json_t *expected =
		json_pack("{s:[i, s, s], s:[]}", "tcp", 90, "8000-8010", "ipv4:99", "udp");

	harness_attach(harness_cgroup(), "{'ports': []}");
	result =
		program_run(NULL, WORDS("allow", path(), "port", "tcp", "8000-8010,90", "ipv4:99"));
	assert_done(result);
	assert_says(&result, "Allowed port tcp 90,8000-8010,ipv4:99 in %s.\n");
	result = program_run(NULL, WORDS("show", path()));
	shown = program_json(&result);
	cr_assert(json_equal(json_object_get(shown, "ports"), expected), "%s", result.output);
	json_decref(shown);
	json_decref(expected);
	result = change("revoke", "port", "tcp", "any");
	assert_done(result);
	assert_says(&result, "Revoked port tcp any in %s.\n");
	result = program_run(NULL, WORDS("show", path()));
	assert_has(result.output, "\"ports\": []");
}

Test(allow, what_is_so_already_changes_nothing)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}, 'ports': [80]}");
	result = change("allow", "device", "/dev/null rw", NULL);
	assert_done(result);
	assert_says(&result, "%s already allows device c 1:3 rw; nothing changed.\n");
	result = change("revoke", "port", "udp", "81");
	assert_done(result);
	assert_says(&result, "%s does not allow port udp 81; nothing changed.\n");
	cr_assert_eq(generation(), 1);
}

Test(allow, a_wider_denial_is_named)
{
	harness_attach(harness_cgroup(), "{'devices': {'defaults': true, 'deny': ['a *:* m']}}");
	assert_fails(change("allow", "device", "c 10:229 rwm", NULL), 1,
		     "the deny entry 'a *:* m' would still refuse 'c 10:229 m'");
	cr_assert_eq(generation(), 1);
}

Test(allow, a_section_that_is_not_fenced_is_named)
{
	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}}");
	assert_fails(change("allow", "port", "tcp", "80"), 1, "there is nothing to allow; attach");
	assert_fails(change("revoke", "port", "tcp", "80"), 1,
		     "there is nothing to revoke; attach");
}

Test(allow, a_cgroup_without_a_fence)
{
	assert_fails(change("allow", "device", "c 1:3 r", NULL), 1,
		     "has no fence of its own; attach a policy to it first");
	assert_fails(change("revoke", "port", "tcp", "80"), 1, "has no fence of its own; attach");
	cr_assert_eq(harness_hook_programs(harness_cgroup()), 0);
}

Test(allow, what_is_wrong_is_quoted)
{
	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}, 'ports': [80]}");
	assert_fails(change("allow", "device", "c 1:3 x", NULL), 2,
		     "'c 1:3 x': unknown access 'x'");
	assert_fails(change("allow", "device", "/dev/absent", "rw"), 2, "/dev/absent rw");
	assert_fails(change("revoke", "port", "sctp", "80"), 2, "'sctp'");
	assert_fails(change("revoke", "port", "tcp", "80-x"), 2, "'80-x'");
	assert_fails(change("revoke", "port", "tcp", NULL), 2, "no port is given");
	assert_fails(change("allow", "node", "c 1:3 r", NULL), 2, "'node' is neither");
	assert_fails(program_run(NULL, WORDS("allow", path(), "device")), 2, "missing");
	assert_fails(program_run(NULL, WORDS("revoke", "/absent-cgroup", "port", "tcp", "80")), 1,
		     "/absent-cgroup");
	cr_assert_eq(generation(), 1);
}
