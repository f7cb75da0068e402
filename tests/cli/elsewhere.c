// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where the bpffs is that of this mount namespace alone, and where fences are pinned in another. */
#include "program.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

TestSuite(elsewhere, .init = harness_begin, .fini = harness_end);

#define POINT "/sys/fs/bpf"
#define DEVICES "{'devices': {'allow': ['c 1:3 r']}}"
#define PRIVATE "would end with this mount namespace"
#define HIDDEN "is not visible here"

static const char *path_of_test(void)
{
	return cgfence_cgroup_path(harness_cgroup());
}

/* The mount namespace is that of the test, not of PID 1. */
static void take_bpffs_away(void)
{
	cr_assert_eq(umount2(POINT, MNT_DETACH), 0);
	cr_assert_eq(mount("tmpfs", POINT, "tmpfs", 0, NULL), 0);
}

static void hide(void)
{
	cr_assert_eq(mount("bpf", POINT, "bpf", 0, "mode=0700"), 0);
}

static bool has_bpffs(void)
{
	struct statfs status;

	return statfs(POINT, &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

static const char *policy(void)
{
	char text[256];

	snprintf(text, sizeof(text), "{'cgroup': '%s', 'devices': {'allow': ['c 1:3 r']}}",
		 path_of_test());
	return program_file("policy.json", text);
}

Test(elsewhere, attach_refuses_a_fence_that_would_end_early)
{
	take_bpffs_away();
	assert_fails(program_run(NULL, WORDS("attach", path_of_test(), policy())), 1, PRIVATE);
	assert_fails(program_run(NULL, WORDS("attach", "--dry-run", path_of_test(), policy())), 1,
		     PRIVATE);
	assert_done(program_run(NULL, WORDS("attach", "--dry-run", "--private", path_of_test(),
					    policy())));
	cr_expect_not(has_bpffs());
	assert_done(program_run(NULL, WORDS("attach", "--private", path_of_test(), policy())));
	cr_expect(has_bpffs());
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_WRONLY), EPERM);
}

Test(elsewhere, doctor_says_that_it_would_end_early)
{
	struct program_result result;

	take_bpffs_away();
	result = program_run(NULL, WORDS("doctor"));
	assert_status(result, 1);
	assert_has(result.output, "\nbad\tbpffs\t");
	assert_has(result.output, PRIVATE);
	/* What the kernel takes is tried all the same. */
	assert_has(result.output, "\nok\tdevices\t");
	cr_expect_not(has_bpffs());
}

Test(elsewhere, apply_and_watch_refuse_it_too)
{
	struct program watch;

	cr_assert_eq(chmod(harness_directory(), 0755), 0);
	take_bpffs_away();
	assert_fails(program_run(NULL, WORDS("apply", policy())), 1, PRIVATE);
	assert_fails(program_run(NULL, WORDS("watch", "--apply", policy())), 1, PRIVATE);
	cr_expect_not(has_bpffs());
	program_start(&watch, NULL, WORDS("watch", "--private", "--apply", policy()));
	program_expect(&watch, path_of_test());
	kill(watch.pid, SIGTERM);
	program_finish(&watch);
	assert_status(watch.result, 0);
}

Test(elsewhere, apply_makes_it_where_that_is_wanted)
{
	take_bpffs_away();
	assert_done(program_run(NULL, WORDS("apply", "--private", policy())));
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_WRONLY), EPERM);
}

Test(elsewhere, run_needs_no_option_for_a_command_that_ends_earlier)
{
	const struct program_options options = { .cgroup = harness_cgroup() };

	take_bpffs_away();
	assert_status(program_run(&options,
				  WORDS("run", "-p", policy(), "--", "sh", "-c", ": >/dev/null")),
		      2);
}

/* Runs attach in a mount namespace below that of a new PID 1, whose mount on POINT is @propagation. */
static struct program_result attach_below_pid_1(const char *propagation)
{
	static const char script[] =
		"mount -t tmpfs none /sys/fs/bpf && mount --make-\"$1\" /sys/fs/bpf && "
		"unshare --mount --propagation unchanged \"$2\" attach \"$3\" \"$4\" && "
		"test \"$(stat -f -c %T /sys/fs/bpf)\" = bpf_fs && \"$2\" status \"$3\"";
	const struct program_options options = { .by_words = true };

	return program_run(&options,
			   WORDS("unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", script,
				 "sh", propagation, program_path(), path_of_test(), policy()));
}

Test(elsewhere, a_mount_that_spreads_to_pid_1_lasts)
{
	struct program_result result = attach_below_pid_1("shared");

	assert_done(result);
	assert_has(result.output, "Fenced");
	/* It is that of PID 1. */
	cr_expect_str_eq(result.notes, "");
}

Test(elsewhere, a_mount_that_does_not_spread_ends)
{
	assert_fails(attach_below_pid_1("private"), 1, PRIVATE);
}

Test(elsewhere, status_says_whose_the_bpffs_is)
{
	struct program_result result;

	harness_attach(harness_cgroup(), DEVICES);
	result = program_run(NULL, WORDS("status"));
	assert_done(result);
	assert_has(result.notes, "belongs to this mount namespace");
	result = program_run(NULL, WORDS("status", "--json", path_of_test()));
	assert_done(result);
	assert_has(result.notes, "belongs to this mount namespace");
}

Test(elsewhere, every_command_about_a_hidden_fence_says_so)
{
	const char *cgroup = path_of_test();
	const char *const *const commands[] = {
		WORDS("attach", cgroup, policy()),
		WORDS("attach", "--dry-run", cgroup, policy()),
		WORDS("apply", policy()),
		WORDS("detach", cgroup),
		WORDS("show", cgroup),
		WORDS("explain", cgroup, "device", "c 1:3 r"),
		WORDS("allow", cgroup, "device", "c 1:5 r"),
		WORDS("revoke", cgroup, "port", "tcp", "80"),
		WORDS("denials", "--follow", cgroup),
		WORDS("reconcile", cgroup),
	};
	struct program_result result;

	harness_attach(harness_cgroup(), DEVICES);
	hide();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		assert_fails(program_run(NULL, commands[i]), 1, HIDDEN);
	result = program_run(NULL, WORDS("status", cgroup));
	assert_status(result, 1);
	assert_has(result.errors, HIDDEN);
	result = program_run(NULL, WORDS("denials", cgroup));
	assert_status(result, 1);
	assert_has(result.errors, HIDDEN);
	result = program_run(NULL, WORDS("doctor", cgroup));
	assert_status(result, 1);
	assert_has(result.output, "bad\thidden\t");
	assert_has(result.output, HIDDEN);
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 1);
	cr_assert_eq(umount2(POINT, 0), 0);
	assert_done(program_run(NULL, WORDS("detach", cgroup)));
}

Test(elsewhere, a_status_with_nothing_to_list_counts_them)
{
	struct program_result result;

	harness_attach(harness_cgroup(), DEVICES);
	hide();
	result = program_run(NULL, WORDS("status", "--json"));
	assert_done(result);
	cr_expect_str_eq(result.output, "[]\n");
	/* Others of the host may have some. */
	assert_has(result.notes, "of cgfence that are not visible here");
	result = program_run(NULL, WORDS("list"));
	assert_done(result);
	assert_has(result.notes, "of cgfence that are not visible here");
	result = program_run(NULL, WORDS("doctor"));
	assert_done(result);
	assert_has(result.output, "\nnote\thidden\t");
	harness_attach(harness_child_cgroup(harness_cgroup(), "child"), DEVICES);
	result = program_run(NULL, WORDS("status"));
	assert_done(result);
	assert_lacks(result.notes, "of cgfence that are not visible here");
	cr_assert_eq(umount2(POINT, 0), 0);
}

Test(elsewhere, explain_promises_nothing_below_a_hidden_fence)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	const char *path = cgfence_cgroup_path(child);
	const char *const *const commands[] = {
		WORDS("explain", path, "device", "c 1:3 r"),
		WORDS("explain", "-j", path, "device", "c 1:5 r"),
	};

	harness_attach(harness_cgroup(), DEVICES);
	hide();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct program_result result = program_run(NULL, commands[i]);

		assert_fails(result, 1, "is of a fence that is pinned in another bpffs");
		assert_has(result.errors, path_of_test());
	}
	cr_assert_eq(umount2(POINT, 0), 0);
}

Test(elsewhere, explain_knows_a_refusal_below_a_hidden_fence)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	struct program_result result;

	harness_attach(harness_cgroup(), DEVICES);
	hide();
	harness_attach(child, DEVICES);
	result = program_run(NULL,
			     WORDS("explain", cgfence_cgroup_path(child), "device", "c 1:5 r"));
	assert_status(result, 3);
	assert_has(result.output, "\trefused\tno allow entry matches the device\n");
	assert_has(result.output, "\tunknown\tprogram ");
	cr_assert_eq(umount2(POINT, 0), 0);
}
