// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attach without a policy, with ports beside one, as a dry run, and by a path that is in no cgroup2. */
#include "program.h"
#include "support/harness.h"

#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

TestSuite(attach_options, .init = harness_begin, .fini = harness_end);

#define PATH cgfence_cgroup_path(harness_cgroup())

/* In @format %s is the path of the test's cgroup. */
static const char *fill_in(const char *format)
{
	static char text[1024];

	snprintf(text, sizeof(text), format, PATH, PATH);
	return text;
}

static void assert_shows(const char *part)
{
	assert_has(program_run(NULL, WORDS("show", PATH)).output, part);
}

Test(attach_options, without_a_policy_a_fence_is_left_alone)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'name': 'mine', 'devices': {}}");
	assert_fails(program_run(NULL, WORDS("attach", PATH)), 1, "--default");
	assert_fails(program_run(NULL, WORDS("attach", "--tcp", "80", PATH)), 1, "--default");
	assert_fails(program_run(NULL, WORDS("attach", "--dry-run", PATH)), 1, "--default");
	assert_shows("\"mine\"");
	result = program_run(NULL, WORDS("attach", "--default", PATH));
	assert_done(result);
	cr_assert_str_eq(result.output, fill_in("Replaced the policy of %s.\n"));
	assert_lacks(program_run(NULL, WORDS("show", PATH)).output, "mine");
	/* It takes the place of a policy, and not of one that is named. */
	assert_fails(program_run(NULL, WORDS("attach", "--default", PATH, "/etc/policy.json")), 2,
		     "either a policy or --default");
}

Test(attach_options, default_fences_a_cgroup_without_a_fence_too)
{
	struct program_result result = program_run(NULL, WORDS("attach", "--default", PATH));

	assert_done(result);
	cr_assert_str_eq(result.output, fill_in("Fenced %s.\n"));
}

Test(attach_options, ports_are_added_to_those_of_the_policy)
{
	const char *policy = program_file("policy.json", "{'ports': {'tcp': [80], 'udp': [53]}}");

	assert_done(program_run(NULL, WORDS("attach", PATH, policy, "--tcp", "8080,31000-31005",
					    "--udp=ipv6:9000")));
	assert_done(program_run(NULL, WORDS("explain", PATH, "port", "tcp", "80")));
	assert_done(program_run(NULL, WORDS("explain", PATH, "port", "tcp", "31005")));
	assert_done(program_run(NULL, WORDS("explain", PATH, "port", "udp", "ipv6:9000")));
	assert_status(program_run(NULL, WORDS("explain", PATH, "port", "udp", "8080")), 3);
	assert_fails(program_run(NULL, WORDS("attach", PATH, policy, "--tcp", "none")), 2,
		     "'none'");
	assert_done(program_run(NULL, WORDS("attach", PATH, policy, "--tcp", "90", "--udp", "1",
					    "--tcp=91")));
	assert_done(program_run(NULL, WORDS("explain", PATH, "port", "tcp", "90")));
	assert_done(program_run(NULL, WORDS("explain", PATH, "port", "tcp", "91")));
}

Test(attach_options, ports_are_added_to_the_default_policy)
{
	assert_done(program_run(NULL, WORDS("attach", "--tcp", "8080", PATH)));
	assert_done(program_run(NULL, WORDS("explain", PATH, "port", "tcp", "8080")));
	assert_status(program_run(NULL, WORDS("explain", PATH, "port", "tcp", "8081")), 3);
	assert_done(program_run(NULL, WORDS("explain", PATH, "device", "c 1:3 rw")));
}

Test(attach_options, dry_run_prints_what_would_change_and_changes_nothing)
{
	const char *policy = program_file("policy.json", "{'devices': {'allow': ['c 1:5 r']}}");
	struct program_result result;

	result = program_run(NULL, WORDS("attach", "--dry-run", PATH, policy));
	assert_done(result);
	cr_assert_eq(strncmp(result.output, fill_in("This would fence %s:\n"),
			     strlen(fill_in("This would fence %s:\n"))),
		     0, "'%s'", result.output);
	assert_has(result.output, "\n+ allow c 1:5 r\n");
	cr_assert_eq(harness_hook_programs(harness_cgroup()), 0);

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 r']}}");
	result = program_run(NULL, WORDS("attach", "--dry-run", PATH, policy));
	assert_done(result);
	cr_assert_str_eq(result.output, fill_in("This would replace the policy of %s:\ndevices:\n"
						"- allow c 1:3 r\n+ allow c 1:5 r\n"));
	assert_shows("\"c 1:3 r\"");
	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:5 r']}}");
	result = program_run(NULL, WORDS("attach", "--dry-run", PATH, policy));
	cr_assert_str_eq(result.output,
			 fill_in("%s has this policy already; nothing would change.\n"));
	assert_fails(program_run(NULL, WORDS("attach", "--dry-run", "/", policy)), 1, "--force");
	assert_fails(program_run(NULL, WORDS("attach", "--dry-run", PATH, "/nowhere.json")), 1,
		     "/nowhere.json");
}

/* A hierarchy of cgroup v1 without controllers can be had beside whatever the host has. */
Test(attach_options, a_path_in_cgroup_v1_is_told_apart)
{
	char root[128];
	char path[160];

	snprintf(root, sizeof(root), "%s/v1", harness_directory());
	cr_assert_eq(mkdir(root, 0700), 0);
	if (mount("none", root, "cgroup", 0, "none,name=cgfence-test"))
		harness_skip("this kernel has no cgroup v1");
	snprintf(path, sizeof(path), "%s/web", root);
	assert_fails(program_run(NULL, WORDS("attach", root)), 1, "cgroup v1");
	assert_fails(program_run(NULL, WORDS("attach", path)), 1, "; cgroup2 is mounted at /");
	assert_fails(program_run(NULL, WORDS("attach", "/none/web")), 1, "no such cgroup");
	snprintf(path, sizeof(path), "%s/web-*", root);
	assert_fails(program_run(NULL, WORDS("attach", path)), 1, "; cgroup2 is mounted at /");
	umount2(root, MNT_DETACH);
}
