// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* allow --node and revoke --node on processes that have mount namespaces of their own, as containers do. */
#include "jail.h"
#include "program.h"
#include "support/fences.h"
#include "support/harness.h"
#include "support/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

TestSuite(node, .init = harness_begin, .fini = harness_end);

#define POLICY "{'devices': {'allow': ['c 1:3 rw']}}"

static const char *path(void)
{
	return cgfence_cgroup_path(harness_cgroup());
}

static struct program_result change(const char *command, const char *entry, const char *option)
{
	return program_run(NULL, WORDS(command, option, path(), "device", entry));
}

static bool is_allowed(const char *device)
{
	return harness_open(harness_cgroup(), device, O_RDONLY) != EPERM;
}

static void assert_nothing_done(struct program_result result, const char *part)
{
	assert_status(result, 1);
	assert_has(result.errors, part);
	cr_assert_str_eq(result.output, "");
	cr_expect_not(is_allowed("c 1:7"));
}

Test(node, is_made_as_the_hosts_and_removed_with_the_rule)
{
	struct program_result result;
	struct stat made;
	struct stat host;

	harness_attach(harness_cgroup(), POLICY);
	jail_start(JAIL_USUAL);
	result = change("allow", "/dev/full r", "--node");
	assert_done(result);
	assert_has(result.output, "Made the node /dev/full in the container.\n");
	cr_assert_eq(lstat(jail_path("/dev/full"), &made), 0);
	cr_assert_eq(stat("/dev/full", &host), 0);
	cr_expect_eq(made.st_mode, host.st_mode);
	cr_expect_eq(made.st_rdev, host.st_rdev);
	cr_expect_eq(made.st_uid, host.st_uid);
	cr_expect_eq(made.st_gid, host.st_gid);
	cr_expect_eq(jail_open("/dev/full"), 0);
	/* It is there, so that nothing is to be done. */
	result = change("allow", "/dev/full r", "--node");
	assert_done(result);
	assert_has(result.output, "nothing changed");
	result = change("revoke", "/dev/full r", "--node");
	assert_done(result);
	assert_has(result.output, "Removed the node /dev/full from the container.\n");
	cr_expect_eq(jail_open("/dev/full"), ENOENT);
	cr_expect_not(is_allowed("c 1:7"));
	result = change("revoke", "/dev/full r", "--node");
	assert_done(result);
	assert_has(result.output, "nothing changed");
	jail_end();
}

/* A node of the test, since those of the host mostly belong to root. */
Test(node, has_owner_and_mode_of_the_node_that_is_named)
{
	const char *named = harness_node("c 1:7");
	struct stat made;
	char option[300];
	char entry[300];

	harness_attach(harness_cgroup(), POLICY);
	cr_assert_eq(chown(named, 1234, 4321), 0);
	cr_assert_eq(chmod(named, 0642), 0);
	jail_start(JAIL_USUAL);
	snprintf(entry, sizeof(entry), "%s r", named);
	snprintf(option, sizeof(option), "--node=/dev/some/where");
	assert_done(change("allow", entry, option));
	cr_assert_eq(lstat(jail_path("/dev/some/where"), &made), 0);
	cr_expect_eq(made.st_mode, S_IFCHR | 0642);
	cr_expect_eq(made.st_uid, 1234);
	cr_expect_eq(made.st_gid, 4321);
	cr_assert_eq(lstat(jail_path("/dev/some"), &made), 0);
	cr_expect_eq(made.st_mode, S_IFDIR | 0755);
	jail_end();
}

Test(node, of_numbers_is_named_by_the_host_or_by_the_caller)
{
	struct stat made;

	harness_attach(harness_cgroup(), POLICY);
	jail_start(JAIL_USUAL);
	assert_done(change("allow", "c 1:7 r", "--node"));
	cr_expect_eq(jail_open("/dev/full"), 0);
	assert_fails(change("allow", "c 240:77 r", "--node"), 1,
		     "the host has no node of this device; say where it is to be with --node=PATH");
	assert_done(change("allow", "c 240:77 r", "--node=/dev/odd"));
	cr_assert_eq(lstat(jail_path("/dev/odd"), &made), 0);
	cr_expect_eq(made.st_mode, S_IFCHR | 0600);
	cr_expect_eq(made.st_rdev, makedev(240, 77));
	cr_expect_eq(jail_open("/dev/odd"), ENXIO);
	jail_end();
}

static void assert_bound(enum jail_kind kind)
{
	struct program_result result;

	harness_attach(harness_cgroup(), POLICY);
	jail_start(kind);
	result = change("allow", "/dev/full r", "--node");
	assert_done(result);
	assert_has(result.output, "Mounted the host's node on /dev/full in the container.\n");
	cr_expect_eq(jail_open("/dev/full"), 0);
	assert_done(change("allow", "/dev/full rw", "--node"));
	result = change("revoke", "/dev/full rw", "--node");
	assert_done(result);
	assert_has(result.output, "Removed the node /dev/full from the container.\n");
	cr_expect_eq(jail_open("/dev/full"), ENOENT);
	/* With a directory that was not there. */
	assert_done(change("allow", "/dev/full r", "--node=/dev/some/full"));
	cr_expect_eq(jail_open("/dev/some/full"), 0);
	/* A device without a node of the host cannot be mounted. */
	assert_fails(change("allow", "c 240:77 r", "--node=/dev/other/odd"), 1,
		     "the host has none that could be mounted there");
	cr_expect_eq(jail_open("/dev/other"), ENOENT);
	jail_end();
}

Test(node, is_mounted_below_a_user_namespace)
{
	if (!namespaces_has_users())
		harness_skip("no user namespace can be made in a chroot");
	assert_bound(JAIL_USER_NAMESPACE);
}

Test(node, is_mounted_where_nodes_do_not_open)
{
	assert_bound(JAIL_NODEV);
}

/* Read-only for the process, and so it stays. */
Test(node, is_made_where_the_process_cannot_write)
{
	char there[64];

	harness_attach(harness_cgroup(), POLICY);
	jail_start(JAIL_READ_ONLY);
	assert_done(change("allow", "/dev/full r", "--node"));
	assert_done(change("allow", "/dev/full r", "--node=/dev/some/full"));
	cr_expect_eq(jail_open("/dev/full"), 0);
	cr_expect_eq(jail_open("/dev/some/full"), 0);
	snprintf(there, sizeof(there), "%s", jail_path("/dev/other"));
	cr_expect_eq(mkdir(there, 0755), -1);
	cr_expect_eq(errno, EROFS);
	assert_done(change("revoke", "/dev/full r", "--node"));
	cr_expect_eq(jail_open("/dev/full"), ENOENT);
	jail_end();
}

static void put(const char *name, mode_t type, dev_t device)
{
	cr_assert_eq(mknod(jail_path(name), type | 0600, device), 0, "%s", strerror(errno));
}

Test(node, takes_the_place_of_nothing)
{
	static const char *const names[] = { "/dev/file", "/dev/link", "/dev/null", "/dev/folder" };
	char option[64];
	struct stat before;
	struct stat after;

	harness_attach(harness_cgroup(), POLICY);
	jail_start(JAIL_USUAL);
	put("/dev/file", S_IFREG, 0);
	put("/dev/null", S_IFCHR, makedev(1, 3));
	put("/dev/full", S_IFCHR, makedev(1, 7));
	cr_assert_eq(symlink("full", jail_path("/dev/link")), 0);
	cr_assert_eq(mkdir(jail_path("/dev/folder"), 0700), 0);
	for (int i = 0; i < 4; i++) {
		snprintf(option, sizeof(option), "--node=%s", names[i]);
		cr_assert_eq(lstat(jail_path(names[i]), &before), 0);
		assert_nothing_done(change("allow", "/dev/full r", option), "something else is at");
		assert_nothing_done(change("revoke", "/dev/full r", option),
				    "something else is at");
		cr_assert_eq(lstat(jail_path(names[i]), &after), 0);
		cr_expect_eq(after.st_ino, before.st_ino);
		cr_expect_eq(after.st_mode, before.st_mode);
	}
	jail_end();
}

Test(node, no_path_leads_out)
{
	static const char *const wrong[] = { "dev/full", "/dev/../full", "/dev//full",
					     "/dev/.",	 "/dev/",	 "/" };
	char option[64];

	harness_attach(harness_cgroup(), POLICY);
	jail_start(JAIL_USUAL);
	/* What the container makes to lead elsewhere. */
	cr_assert_eq(symlink(harness_directory(), jail_path("/dev/out")), 0);
	cr_assert_eq(symlink("/proc/1/root", jail_path("/dev/magic")), 0);
	assert_nothing_done(change("allow", "/dev/full r", "--node=/dev/out/full"),
			    "symbolic link");
	assert_nothing_done(change("allow", "/dev/full r", "--node=/dev/magic/tmp/full"),
			    "symbolic link");
	assert_nothing_done(change("revoke", "/dev/full r", "--node=/dev/out/full"),
			    "symbolic link");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(option, sizeof(option), "--node=%s", wrong[i]);
		assert_fails(change("allow", "/dev/full r", option), 2, wrong[i]);
	}
	jail_end();
}

Test(node, stays_as_it_was_if_the_rule_does)
{
	struct stat before;
	struct stat status;

	harness_attach(harness_cgroup(),
		       "{'devices': {'allow': ['c 1:3 rw'], 'deny': ['c 1:* w']}}");
	jail_start(JAIL_USUAL);
	assert_fails(change("allow", "/dev/full rw", "--node=/dev/a/b/full"), 1,
		     "would still refuse");
	cr_expect_eq(jail_open("/dev/a"), ENOENT);
	/* A fence of ports has no rule to take back. */
	assert_done(program_run(NULL, WORDS("attach", path(),
					    program_file("ports.json", "{'ports': [80]}"))));
	put("/dev/full", S_IFCHR, makedev(1, 7));
	cr_assert_eq(chmod(jail_path("/dev/full"), 0640), 0);
	cr_assert_eq(chown(jail_path("/dev/full"), 5, 6), 0);
	cr_assert_eq(lstat(jail_path("/dev/full"), &before), 0);
	assert_fails(change("revoke", "/dev/full r", "--node"), 1, "does not fence devices");
	cr_assert_eq(lstat(jail_path("/dev/full"), &status), 0);
	cr_expect_eq(status.st_ino, before.st_ino);
	cr_expect_eq(status.st_mode, S_IFCHR | 0640);
	cr_expect_eq(status.st_uid, 5);
	cr_expect_eq(status.st_gid, 6);
	jail_end();
}

/* Killed between making the file and mounting the node on it, or between unmounting and removing. */
Test(node, what_a_killed_command_left_is_its_own)
{
	harness_attach(harness_cgroup(), POLICY);
	jail_start(JAIL_NODEV);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(mknod(jail_path("/dev/full"), S_IFREG, 0), 0);
		assert_done(change("revoke", "/dev/full r", "--node"));
		cr_expect_eq(jail_open("/dev/full"), ENOENT);
		cr_assert_eq(mknod(jail_path("/dev/full"), S_IFREG, 0), 0);
		assert_done(change("allow", "/dev/full r", "--node"));
		cr_expect_eq(jail_open("/dev/full"), 0);
		assert_done(change("revoke", "/dev/full r", "--node"));
	}
	jail_end();
}

Test(node, the_rule_stays_as_it_was_if_the_node_does)
{
	const struct program_options options = { .failing_call = SYS_mknodat,
						 .failing_errno = EPERM };

	harness_attach(harness_cgroup(), POLICY);
	jail_start(JAIL_USUAL);
	assert_nothing_done(program_run(&options, WORDS("allow", "--node=/dev/a/full", path(),
							"device", "/dev/full r")),
			    "this needs CAP_MKNOD");
	cr_expect_eq(jail_open("/dev/a"), ENOENT);
	jail_end();
}

/* Two commands take turns for the node and the rule together. */
Test(node, agrees_with_the_rule_after_commands_at_once)
{
	static const char *const commands[] = { "allow", "revoke" };
	struct program programs[2];
	struct stat status;

	harness_attach(harness_cgroup(), POLICY);
	jail_start(JAIL_USUAL);
	for (size_t round = 0; round < harness_rounds(30); round++) {
		for (int i = 0; i < 2; i++)
			program_start(&programs[i], NULL,
				      WORDS(commands[i], "--node", path(), "device",
					    "/dev/full r"));
		for (int i = 0; i < 2; i++)
			program_finish(&programs[i]);
		cr_assert_eq(lstat(jail_path("/dev/full"), &status) == 0, is_allowed("c 1:7"),
			     "round %zu", round);
	}
	jail_end();
}

static void assert_agreement(const char *command, long call)
{
	struct stat status;
	bool there = lstat(jail_path("/dev/some/full"), &status) == 0 && S_ISCHR(status.st_mode);

	cr_expect_eq(is_allowed("c 1:7"), there, "%s without call %ld", command, call);
}

static void fail_each_call(enum jail_kind kind)
{
	static const long calls[] = { SYS_openat2,    SYS_open_tree, SYS_mkdirat,
				      SYS_mknodat,    SYS_setns,     SYS_move_mount,
				      SYS_pidfd_open, SYS_umount2,   SYS_unlinkat };
	static const char node[] = "--node=/dev/some/full";

	jail_start(kind);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const struct program_options options = { .failing_call = calls[i],
							 .failing_errno = EIO };

		program_run(&options, WORDS("allow", node, path(), "device", "/dev/full r"));
		assert_agreement("allow", calls[i]);
		assert_done(change("allow", "/dev/full r", node));
		program_run(&options, WORDS("revoke", node, path(), "device", "/dev/full r"));
		assert_agreement("revoke", calls[i]);
		assert_done(change("revoke", "/dev/full r", node));
	}
	jail_end();
}

Test(node, both_change_or_neither_whatever_fails)
{
	harness_attach(harness_cgroup(), POLICY);
	fail_each_call(JAIL_USUAL);
	fail_each_call(JAIL_NODEV);
}

Test(node, of_the_host_is_left_alone)
{
	struct program_result result;
	struct stat status;

	harness_attach(harness_cgroup(), POLICY);
	jail_start(JAIL_SHARED);
	assert_nothing_done(change("allow", "/dev/full r", "--node=/dev/cgfence-test"),
			    "is the host's own");
	assert_nothing_done(change("allow", "/dev/full r", "--node=/dev/cgfence-test/full"),
			    "is the host's own");
	cr_expect_eq(lstat("/dev/cgfence-test", &status), -1);
	/* It is there. */
	result = change("allow", "/dev/full r", "--node");
	assert_done(result);
	assert_has(result.output, "Allowed device c 1:7 r");
	assert_lacks(result.output, "node");
	assert_fails(change("revoke", "/dev/full r", "--node"), 1, "is the host's own");
	cr_expect(is_allowed("c 1:7"));
	cr_expect_eq(lstat("/dev/full", &status), 0);
	jail_end();
}

Test(node, is_of_one_device_in_one_container)
{
	char pattern[256];

	harness_attach(harness_cgroup(), POLICY);
	assert_nothing_done(change("allow", "/dev/full r", "--node"), "has no process");
	assert_fails(change("allow", "c 1:* r", "--node"), 2, "a request is for one device");
	assert_fails(change("allow", "/dev/[nz]* r", "--node"), 2, "a request is for one device");
	assert_fails(program_run(NULL, WORDS("allow", "--node", path(), "port", "tcp", "80")), 2,
		     "--node is for a device");
	snprintf(pattern, sizeof(pattern), "%s/job-*", path());
	assert_done(
		program_run(NULL, WORDS("attach", pattern, program_file("policy.json", POLICY))));
	assert_fails(program_run(NULL, WORDS("allow", "--node", pattern, "device", "/dev/full r")),
		     2, "is a standing fence, whose members have each their own");
}
