// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Access bits: one entry must cover all bits of a request. */
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(access, .init = harness_begin, .fini = harness_end);

struct open_case {
	const char *policy;
	const char *device;
	int read;
	int write;
	int read_write;
	int make;
};

/* The expected errno of each use of the device, under each policy. c 1:3 has a driver, so 0 is success. */
static const struct open_case cases[] = {
	{ "{'devices': {'allow': ['c 1:3 r']}}", "c 1:3", 0, EPERM, EPERM, EPERM },
	{ "{'devices': {'allow': ['c 1:3 w']}}", "c 1:3", EPERM, 0, EPERM, EPERM },
	{ "{'devices': {'allow': ['c 1:3 m']}}", "c 1:3", EPERM, EPERM, EPERM, 0 },
	{ "{'devices': {'allow': ['c 1:3 rw']}}", "c 1:3", 0, 0, 0, EPERM },
	{ "{'devices': {'allow': ['c 1:3 rwm']}}", "c 1:3", 0, 0, 0, 0 },
	/* Entries of one selector unite. */
	{ "{'devices': {'allow': ['c 1:3 r', 'c 1:3 w']}}", "c 1:3", 0, 0, 0, EPERM },
	{ "{'devices': {'allow': ['c 1:3 r', 'a 1:3 w']}}", "c 1:3", 0, 0, 0, EPERM },
	{ "{'devices': {'allow': ['c 1:3 rw', 'c 1:3 r', 'c 1:3 rw']}}", "c 1:3", 0, 0, 0, EPERM },
	/* Entries of different selectors do not add up. */
	{ "{'devices': {'allow': ['c 1:3 r', 'c 1:* w']}}", "c 1:3", 0, 0, EPERM, EPERM },
	{ "{'devices': {'allow': ['c 1:* r', 'c *:3 w']}}", "c 1:3", 0, 0, EPERM, EPERM },
	{ "{'devices': {'allow': ['c *:3 r', 'c *:* w']}}", "c 1:3", 0, 0, EPERM, EPERM },
	{ "{'devices': {'allow': ['c 1:* r', 'c *:* w']}}", "c 1:3", 0, 0, EPERM, EPERM },
	{ "{'devices': {'allow': ['c 1:3 r', 'c *:* rw']}}", "c 1:3", 0, 0, 0, EPERM },
	/* Wildcards in each place. */
	{ "{'devices': {'allow': ['c 1:* rw']}}", "c 1:3", 0, 0, 0, EPERM },
	{ "{'devices': {'allow': ['c *:3 rw']}}", "c 1:3", 0, 0, 0, EPERM },
	{ "{'devices': {'allow': ['c *:* rw']}}", "c 1:3", 0, 0, 0, EPERM },
	{ "{'devices': {'allow': ['a *:* rwm']}}", "c 1:3", 0, 0, 0, 0 },
	{ "{'devices': {'allow': ['c 2:* rw', 'c *:4 rw', 'b *:* rw']}}", "c 1:3", EPERM, EPERM,
	  EPERM, EPERM },
	/* A deny entry that shares a bit refuses the whole request, whatever allows it. */
	{ "{'devices': {'allow': ['c 1:3 rwm'], 'deny': ['c 1:3 w']}}", "c 1:3", 0, EPERM, EPERM,
	  0 },
	{ "{'devices': {'allow': ['c 1:3 rwm'], 'deny': ['c 1:* w']}}", "c 1:3", 0, EPERM, EPERM,
	  0 },
	{ "{'devices': {'allow': ['c 1:3 rwm'], 'deny': ['c *:3 r']}}", "c 1:3", EPERM, 0, EPERM,
	  0 },
	{ "{'devices': {'allow': ['c 1:3 rwm'], 'deny': ['a *:* m']}}", "c 1:3", 0, 0, 0, EPERM },
	{ "{'devices': {'allow': ['c *:* rwm'], 'deny': ['c 1:3 w']}}", "c 1:3", 0, EPERM, EPERM,
	  0 },
	{ "{'devices': {'allow': ['c 1:* rwm'], 'deny': ['c *:3 w', 'c *:* m']}}", "c 1:3", 0,
	  EPERM, EPERM, EPERM },
	{ "{'devices': {'allow': ['c 1:3 rwm'], 'deny': ['b 1:3 rwm', 'c 1:4 rwm']}}", "c 1:3", 0,
	  0, 0, 0 },
	{ "{'devices': {'allow': [], 'deny': ['c 1:3 w']}}", "c 1:3", EPERM, EPERM, EPERM, EPERM },
	{ "{'devices': {'defaults': true, 'deny': ['c 1:3 w']}}", "c 1:3", 0, EPERM, EPERM, 0 },
};

static void expect_case(const struct open_case *test, const char *policy, const char *device)
{
	harness_attach(harness_cgroup(), policy);
	cr_expect_eq(harness_open(harness_cgroup(), device, O_RDONLY), test->read, "read, %s",
		     policy);
	cr_expect_eq(harness_open(harness_cgroup(), device, O_WRONLY), test->write, "write, %s",
		     policy);
	cr_expect_eq(harness_open(harness_cgroup(), device, O_RDWR), test->read_write,
		     "read and write, %s", policy);
	cr_expect_eq(harness_mknod(harness_cgroup(), device), test->make, "mknod, %s", policy);
}

Test(access, each_way_to_use_a_device_is_judged_by_its_bits)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_case(&cases[i], cases[i].policy, cases[i].device);
}

/* The program treats /dev/null separately; these are the same cases for /dev/zero. */
Test(access, other_devices_are_judged_like_dev_null)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *policy = strdup(cases[i].policy);

		cr_assert_str_eq(cases[i].device, "c 1:3");
		for (char *minor = policy; (minor = strstr(minor, ":3"));)
			minor[1] = '5';
		expect_case(&cases[i], policy, "c 1:5");
		free(policy);
	}
}

Test(access, a_probe_for_existence_passes_wherever_an_allow_selector_matches)
{
	static const struct {
		const char *policy;
		int expected;
	} probes[] = {
		{ "{'devices': {'allow': ['c 1:3 r']}}", 0 },
		{ "{'devices': {'allow': ['c 1:* m']}}", 0 },
		{ "{'devices': {'allow': ['c *:3 w']}}", 0 },
		{ "{'devices': {'allow': ['c *:* m']}}", 0 },
		{ "{'devices': {'allow': ['c 1:3 r'], 'deny': ['c 1:3 rwm']}}", 0 },
		{ "{'devices': {'allow': ['b 1:3 rwm', 'c 1:4 rwm']}}", EPERM },
		{ "{'devices': {'deny': ['c 1:3 rwm']}}", EPERM },
	};

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		harness_attach(harness_cgroup(), probes[i].policy);
		cr_expect_eq(harness_access(harness_cgroup(), "c 1:3", F_OK), probes[i].expected,
			     "%s", probes[i].policy);
	}
}

Test(access, the_same_numbers_as_character_and_as_block_device_are_two_devices)
{
	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 rwm']}}");
	cr_expect_eq(harness_access(harness_cgroup(), "c 1:3", R_OK), 0);
	cr_expect_eq(harness_access(harness_cgroup(), "b 1:3", R_OK), EPERM);
	cr_expect_eq(harness_mknod(harness_cgroup(), "b 1:3"), EPERM);

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['b 1:3 rwm']}}");
	cr_expect_eq(harness_access(harness_cgroup(), "c 1:3", R_OK), EPERM);
	cr_expect_eq(harness_access(harness_cgroup(), "b 1:3", R_OK), 0);
	cr_expect_eq(harness_mknod(harness_cgroup(), "b 1:3"), 0);

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['a 1:3 rwm']}}");
	cr_expect_eq(harness_access(harness_cgroup(), "c 1:3", R_OK), 0);
	cr_expect_eq(harness_access(harness_cgroup(), "b 1:3", R_OK), 0);
}

Test(access, the_largest_numbers_are_told_apart)
{
	harness_attach(harness_cgroup(),
		       "{'devices': {'allow': ['c 4095:1048575 rwm', 'b 0:0 m']}}");
	cr_expect_eq(harness_mknod(harness_cgroup(), "c 4095:1048575"), 0);
	cr_expect_eq(harness_mknod(harness_cgroup(), "c 4095:1048574"), EPERM);
	cr_expect_eq(harness_mknod(harness_cgroup(), "c 4094:1048575"), EPERM);
	cr_expect_eq(harness_mknod(harness_cgroup(), "b 4095:1048575"), EPERM);
	cr_expect_eq(harness_mknod(harness_cgroup(), "b 0:0"), 0);
}

Test(access, a_symbolic_link_in_the_policy_means_the_device_it_leads_to)
{
	char path[128];
	char policy[256];

	snprintf(path, sizeof(path), "%s/link", harness_directory());
	cr_assert_eq(symlink(harness_node("c 1:5"), path), 0);
	snprintf(policy, sizeof(policy), "{'devices': {'allow': [{'path': '%s', 'access': 'r'}]}}",
		 path);
	harness_attach(harness_cgroup(), policy);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), 0);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:5", O_RDWR), EPERM);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
}

Test(access, the_list_of_mesos_is_taken_as_it_is)
{
	char policy[512];

	snprintf(
		policy, sizeof(policy),
		"{'allowed_devices': [{'device': {'path': '%s'}, 'access': {'read': true, 'write': false, 'mknod': true}}]}",
		harness_node("c 1:11"));
	harness_attach(harness_cgroup(), policy);
	cr_expect_eq(harness_access(harness_cgroup(), "c 1:11", R_OK), 0);
	cr_expect_eq(harness_access(harness_cgroup(), "c 1:11", W_OK), EPERM);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), 0,
		     "the defaults belong to it");
}
