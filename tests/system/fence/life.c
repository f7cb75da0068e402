// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whom a fence holds, for how long, and how it changes. */
#include "support/harness.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(life, .init = harness_begin, .fini = harness_end);

#define READ_ONLY "{'devices': {'allow': ['c 1:3 r']}}"
#define WRITE_ONLY "{'devices': {'allow': ['c 1:3 w']}}"
#define NOTHING "{'devices': {}}"

static char *show(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	char *text = NULL;

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, &error), 0, "%s",
		     error.text);
	cr_assert_eq(cgfence_policy_format(cgfence_fence_policy(fence), &text, &error), 0, "%s",
		     error.text);
	cgfence_fence_close(fence);
	return text;
}

static uint64_t generation(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	uint64_t number;

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, &error), 0, "%s",
		     error.text);
	number = cgfence_fence_generation(fence);
	cgfence_fence_close(fence);
	return number;
}

static bool is_fenced(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_fence *fence = NULL;
	int result = cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, NULL);

	cgfence_fence_close(fence);
	return result == 0;
}

static bool detach(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_error error = { 0 };
	bool detached = false;

	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, &error), 0, "%s",
		     error.text);
	return detached;
}

Test(life, the_fence_outlives_the_process_that_made_it)
{
	pid_t child = harness_fork();

	if (child == 0) {
		harness_attach(harness_cgroup(), READ_ONLY);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_WRONLY), EPERM);
}

Test(life, detach_takes_it_away_and_does_so_twice_without_complaint)
{
	harness_attach(harness_cgroup(), NOTHING);
	cr_expect(detach(harness_cgroup()));
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), 0);
	cr_expect_not(detach(harness_cgroup()));
	cr_expect_not(is_fenced(harness_cgroup()));
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 0);
}

Test(life, a_cgroup_made_later_below_is_held_too)
{
	harness_attach(harness_cgroup(), READ_ONLY);
	const struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");

	cr_expect_eq(harness_open(child, "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(child, "c 1:3", O_WRONLY), EPERM);
	cr_expect_not(is_fenced(child));
}

Test(life, nested_fences_must_all_allow)
{
	const struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 rw']}}");
	harness_attach(child, "{'devices': {'allow': ['c 1:3 r', 'c 1:5 rw']}}");
	cr_expect_eq(harness_open(child, "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(child, "c 1:3", O_WRONLY), EPERM, "the inner fence refuses");
	cr_expect_eq(harness_open(child, "c 1:5", O_RDONLY), EPERM, "the outer fence refuses");
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_WRONLY), 0,
		     "the inner fence holds only below");
	cr_expect(detach(harness_cgroup()));
	cr_expect_eq(harness_open(child, "c 1:5", O_RDONLY), 0);
	cr_expect_eq(harness_open(child, "c 1:3", O_WRONLY), EPERM);
}

static int wait_then_open(void *argument)
{
	const int *pipe_fds = argument;
	char byte;

	if (read(pipe_fds[0], &byte, 1) != 1)
		return 255;
	return open("/dev/null", O_WRONLY | O_CLOEXEC) < 0 ? errno : 0;
}

Test(life, a_process_that_is_moved_in_is_held_from_then_on)
{
	int pipe_fds[2];
	char pid_text[16];
	pid_t child;
	int status;
	int procs;

	harness_attach(harness_cgroup(), NOTHING);
	cr_assert_eq(pipe(pipe_fds), 0);
	child = harness_fork();
	if (child == 0)
		_exit(wait_then_open(pipe_fds));
	procs = openat(cgfence_cgroup_fd(harness_cgroup()), "cgroup.procs", O_WRONLY);
	snprintf(pid_text, sizeof(pid_text), "%d", child);
	cr_assert_gt(write(procs, pid_text, strlen(pid_text)), 0);
	close(procs);
	cr_assert_eq(write(pipe_fds[1], "x", 1), 1);
	waitpid(child, &status, 0);
	cr_expect_eq(WEXITSTATUS(status), EPERM);
}

static int use_open_descriptor(void *argument)
{
	return write(*(const int *)argument, "x", 1) == 1 ? 0 : errno;
}

Test(life, a_descriptor_that_was_open_before_stays_open)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	harness_attach(harness_cgroup(), NOTHING);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), use_open_descriptor, &fd), 0);
	close(fd);
}

Test(life, attach_replaces_the_policy_and_counts_generations)
{
	cr_expect_eq(harness_attach(harness_cgroup(), READ_ONLY), CGFENCE_ATTACHED);
	cr_expect_eq(generation(harness_cgroup()), 1);
	cr_expect_eq(harness_attach(harness_cgroup(), WRITE_ONLY), CGFENCE_REPLACED);
	cr_expect_eq(generation(harness_cgroup()), 2);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_WRONLY), 0);
	cr_expect_eq(harness_attach(harness_cgroup(), WRITE_ONLY), CGFENCE_UNCHANGED);
	cr_expect_eq(generation(harness_cgroup()), 2);
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 1);
}

Test(life, more_policies_than_the_kernel_takes_programs)
{
	for (int i = 0; i < 130; i++)
		harness_attach(harness_cgroup(), i % 2 ? READ_ONLY : WRITE_ONLY);
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 1);
	cr_expect_eq(generation(harness_cgroup()), 130);
}

Test(life, what_show_reads_back_attaches_as_the_same_policy)
{
	char *first;
	char *second;

	harness_attach(
		harness_cgroup(),
		"{'name': 'web', 'enforce': false, 'devices': {'defaults': true, 'allow': ['a 8:* r', 'c 10:229 rw'], 'deny': ['c 1:9 w', 'b *:3 m']}}");
	first = show(harness_cgroup());
	cr_expect_eq(harness_attach(harness_cgroup(), first), CGFENCE_REWORDED);
	second = show(harness_cgroup());
	cr_expect_str_eq(first, second);
	free(first);
	free(second);
}

Test(life, a_refused_attach_changes_nothing)
{
	struct cgfence_policy *ports = harness_policy("{'devices': {}, 'ports': [80]}");
	struct cgfence_error error = { 0 };
	struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = BPF_CGROUP_INET4_POST_BIND);
	int alone = bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK, "alone", "GPL", allow, 2, &options);
	enum cgfence_attach_result result;
	char *before;
	char *after;

	harness_attach(harness_cgroup(), READ_ONLY);
	before = show(harness_cgroup());
	/* Some of the new links can be made, but not this one. */
	cr_assert_eq(bpf_prog_attach(alone, cgfence_cgroup_fd(harness_cgroup()),
				     BPF_CGROUP_INET4_POST_BIND, 0),
		     0);
	cr_expect_eq(cgfence_fence_attach(harness_cgroup(), ports, 0, &result, &error), -EPERM);
	cr_expect_neq(strstr(error.text, "'alone' is attached to the post_bind4 hook"), NULL, "%s",
		      error.text);
	after = show(harness_cgroup());
	cr_expect_str_eq(before, after);
	cr_expect_eq(generation(harness_cgroup()), 1);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), 0);
	close(alone);
	free(before);
	free(after);
	cgfence_policy_free(ports);
}

Test(life, the_root_cgroup_is_refused)
{
	struct cgfence_policy *policy = harness_policy("{'devices': {'allow': ['a *:* rwm']}}");
	struct cgfence_cgroup *root = NULL;
	struct cgfence_error error = { 0 };
	enum cgfence_attach_result result;

	cr_assert_eq(cgfence_cgroup_open("/", &root, &error), 0, "%s", error.text);
	cr_expect_eq(cgfence_fence_attach(root, policy, 0, &result, &error), -EPERM);
	cr_expect_neq(strstr(error.text, "--force"), NULL, "%s", error.text);
	cr_expect_not(is_fenced(root));
	cgfence_cgroup_close(root);
	cgfence_policy_free(policy);
}

static bool pin_directory_exists(uint64_t id)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/fs/bpf/cgfence/%llu", (unsigned long long)id);
	return access(path, F_OK) == 0;
}

Test(life, a_fenced_cgroup_can_be_removed_and_its_pins_are_swept_by_the_next_attach)
{
	const struct cgfence_cgroup *gone = harness_child_cgroup(harness_cgroup(), "gone");
	char path[128];

	harness_attach(gone, NOTHING);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/gone", cgfence_cgroup_fd(harness_cgroup()));
	cr_assert_eq(rmdir(path), 0, "%s", strerror(errno));
	cr_assert(pin_directory_exists(cgfence_cgroup_id(gone)));
	harness_attach(harness_cgroup(), READ_ONLY);
	cr_expect_not(pin_directory_exists(cgfence_cgroup_id(gone)));
}

/* For a while, or until they cannot be made any more. */
static void make_and_remove_cgroups_below(const struct cgfence_cgroup *cgroup)
{
	char name[16];

	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "%d", i % 8);
		if (i / 8 % 2 == 0)
			mkdirat(cgfence_cgroup_fd(cgroup), name, 0755);
		else
			unlinkat(cgfence_cgroup_fd(cgroup), name, AT_REMOVEDIR);
	}
	_exit(0);
}

static bool is_gone(const char *name)
{
	return faccessat(cgfence_cgroup_fd(harness_cgroup()), name, F_OK, 0) < 0;
}

Test(life, a_cgroup_that_is_said_to_be_removed_is_gone)
{
	for (int i = 0; i < (int)harness_rounds(100); i++) {
		struct cgfence_cgroup *cgroup = NULL;
		pid_t busy;

		cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), "busy", &cgroup, NULL), 0);
		busy = harness_fork();
		if (busy == 0)
			make_and_remove_cgroups_below(cgroup);
		usleep((useconds_t)i * 20);
		/* It may fail. */
		if (cgfence_cgroup_remove(cgroup, NULL) == 0)
			cr_expect(is_gone("busy"));
		kill(busy, SIGKILL);
		waitpid(busy, NULL, 0);
		cr_expect_eq(cgfence_cgroup_remove(cgroup, NULL), 0);
		cr_expect(is_gone("busy"));
		cgfence_cgroup_close(cgroup);
	}
}

Test(life, what_a_killed_command_left_is_swept)
{
	char path[64];
	uint64_t id = cgfence_cgroup_id(harness_cgroup());

	/* A directory without a link is what a death between mkdir and pin leaves. */
	mkdir("/sys/fs/bpf/cgfence", 0700);
	snprintf(path, sizeof(path), "/sys/fs/bpf/cgfence/%llu", (unsigned long long)id);
	cr_assert_eq(mkdir(path, 0700), 0);
	cgfence_fence_sweep();
	cr_expect_not(pin_directory_exists(id));
}

Test(life, reading_needs_no_bpffs_and_mounts_none)
{
	uint64_t *ids = NULL;
	size_t count = 1;
	bool detached = true;

	cr_assert_eq(umount2("/sys/fs/bpf", MNT_DETACH), 0);
	cr_assert_eq(mount("tmpfs", "/sys/fs/bpf", "tmpfs", 0, NULL), 0);
	cr_expect_eq(cgfence_fence_list(&ids, &count, NULL), 0);
	cr_expect_eq(count, 0);
	cr_expect_eq(cgfence_fence_detach(cgfence_cgroup_id(harness_cgroup()), &detached, NULL), 0);
	cr_expect_not(detached);
	cr_expect_neq(access("/sys/fs/bpf/cgfence", F_OK), 0);
	free(ids);
}
