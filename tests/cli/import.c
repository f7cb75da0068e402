// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "program.h"
#include "support/harness.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(import, .init = harness_begin, .fini = harness_end);

static struct program_result import_input(const char *dialect, const char *input)
{
	const struct program_options options = { .input = input };

	return program_run(&options, WORDS("import", "--from", dialect, "-"));
}

Test(import, prints_a_policy_and_what_it_leaves_out)
{
	const char *path = program_file("u.service", "[Service]\nDeviceAllow=/dev/null rw\n"
						     "DeviceAllow=/dev/cgfence-absent r\n");
	struct program_result result =
		program_run(NULL, WORDS("import", "--from", "systemd", path));
	json_t *policy = program_json(&result);
	json_t *expected = json_pack("{s:{s:s, s:[s, s]}}", "devices", "defaults", "systemd",
				     "allow", "/dev/null rw", "-/dev/cgfence-absent r");
	char remark[256];

	cr_expect_eq(result.status, 0);
	cr_expect(json_equal(policy, expected), "%s", result.output);
	snprintf(remark, sizeof(remark), "cgfence: %s:3: '/dev/cgfence-absent' does not exist",
		 path);
	assert_has(result.errors, remark);
	json_decref(policy);
	json_decref(expected);
}

Test(import, is_taken_by_attach)
{
	struct program_result result = import_input(
		"lxc", "lxc.cgroup2.devices.deny = a\nlxc.cgroup2.devices.allow = c 1:3 rw\n");
	const char *path = cgfence_cgroup_path(harness_cgroup());
	const char *policy = program_file("p.json", result.output);

	assert_done(program_run(NULL, WORDS("attach", path, policy)));
	cr_expect_eq(harness_access(harness_cgroup(), "c 1:3", R_OK | W_OK), 0);
	cr_expect_eq(harness_access(harness_cgroup(), "c 1:5", R_OK), EPERM);
}

Test(import, drop_ins_follow_their_unit)
{
	char unit[256];
	struct program_result result;

	snprintf(unit, sizeof(unit), "%s",
		 program_file("u.service", "[Service]\nDeviceAllow=/dev/null rw\n"));
	result = program_run(NULL,
			     WORDS("import", "--from", "systemd", unit,
				   program_file("d.conf", "[Service]\nDevicePolicy=strict\n")));
	assert_done(result);
	assert_lacks(result.output, "defaults");
	assert_fails(program_run(NULL, WORDS("import", "--from", "lxc", unit, unit)), 2,
		     "lxc has no drop-ins");
}

Test(import, faults)
{
	assert_fails(program_run(NULL, WORDS("import", "--from", "lxc", "--part", "x",
					     program_file("x.conf", "x = 1\n"))),
		     2, "lxc has no parts");
	assert_fails(import_input("slurm", "File=/dev/\xff\n"), 2,
		     "standard input:1: '/dev/\\xff': it is no text in UTF-8");
	assert_fails(import_input("systmd", ""), 2, "did you mean 'systemd'");
	assert_fails(import_input("runc", "{"), 2, "standard input:1:");
	assert_fails(import_input("systemd", "[Service]\n"), 1, "there is no policy");
	assert_fails(import_input("slurm", "# none\n"), 1, "there is no policy");
	assert_fails(program_run(NULL, WORDS("import", "-")), 2, "--from DIALECT is missing");
	assert_fails(program_run(NULL, WORDS("import", "--from", "none-of-them", "-")), 2,
		     "unknown dialect 'none-of-them'; the dialects are systemd, runc, ");
	assert_fails(program_run(NULL, WORDS("import", "--from", "systmd", "-")), 2,
		     "unknown dialect 'systmd'; did you mean 'systemd'?");
	assert_fails(program_run(NULL, WORDS("import", "--from", "lxc", "/dev")), 1,
		     "not a regular file");
	assert_fails(program_run(NULL, WORDS("import", "--from", "lxc", "/absent")), 1,
		     "No such file");
}

/* systemctl is not waited for while it waits for a reader. */
Test(import, a_unit_that_is_too_long, .timeout = 20)
{
	const struct program_options options = { .by_words = true };
	static const char script[] =
		"mkdir $0/bin && printf '#!/bin/sh\\nexec head -c 9000000 /dev/zero\\n' >$0/bin/systemctl &&"
		" chmod 755 $0/bin/systemctl && PATH=$0/bin:$PATH exec \"$1\" import --from systemd long.service";

	assert_fails(program_run(&options,
				 WORDS("sh", "-c", script, harness_directory(), program_path())),
		     2, "long.service is longer than 4 MiB");
}

/* What a file says reaches no terminal as it is. */
Test(import, remarks_are_printable)
{
	struct program_result result =
		import_input("systemd", "[Service]\nDevicePolicy=strict\nDeviceAllow=/x\033[2J\n");

	cr_expect_eq(result.status, 0, "%s", result.errors);
	assert_has(result.errors, "\\x1b");
	assert_lacks(result.errors, "\033");
}

Test(import, a_closed_standard_input_is_named)
{
	const struct program_options options = { .by_words = true };

	assert_fails(program_run(&options, WORDS("sh", "-c", "exec \"$0\" import --from lxc - <&-",
						 program_path())),
		     1, "standard input: it is closed");
}
