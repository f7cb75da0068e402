// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The BTF of the kernel is read by the first command of a boot that needs it, and by no other. */
#include "program.h"
#include "support/copy.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BTF "/sys/kernel/btf/vmlinux"
#define PINS "/sys/fs/bpf/cgfence/kernel"
#define PIN PINS "/types"

/* As long as a value may be. */
#define VALUE_MAX 131072

static int opens = -1;

/* A copy in its place, which no other process of the host opens. */
static void begin(void)
{
	char path[256];
	int whole;

	harness_begin();
	whole = open(BTF, O_RDONLY | O_CLOEXEC);
	if (whole < 0)
		harness_skip("this kernel has no BTF");
	snprintf(path, sizeof(path), "%s/vmlinux", harness_directory());
	copy_program(whole, path);
	close(whole);
	cr_assert_eq(mount(path, BTF, NULL, MS_BIND, NULL), 0, "%s", strerror(errno));
	opens = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	cr_assert_geq(inotify_add_watch(opens, BTF, IN_OPEN | IN_CLOSE), 0, "%s", strerror(errno));
}

static void end(void)
{
	close(opens);
	umount2(BTF, MNT_DETACH);
	harness_end();
}

TestSuite(kernel_btf, .init = begin, .fini = end);

/* How often the BTF was opened since the last call. Without those of close, events in a row would be told as one. */
static int count_opens(void)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length;
	int count = 0;

	while ((length = read(opens, events, sizeof(events))) > 0) {
		for (ssize_t i = 0; i < length; i += (ssize_t)sizeof(struct inotify_event))
			count += (((const struct inotify_event *)(events + i))->mask & IN_OPEN) !=
				 0;
	}
	cr_assert_eq(errno, EAGAIN);
	return count;
}

static const char *policy(void)
{
	return program_file("ports.json", "{'ports': [8080], 'devices': {}}");
}

static void attach(const struct cgfence_cgroup *cgroup)
{
	assert_done(program_run(NULL, WORDS("attach", cgfence_cgroup_path(cgroup), policy())));
}

static void detach(const struct cgfence_cgroup *cgroup)
{
	assert_done(program_run(NULL, WORDS("detach", cgfence_cgroup_path(cgroup))));
}

static void expect_unread(const char *what)
{
	cr_expect_eq(count_opens(), 0, "%s reads it", what);
}

Test(kernel_btf, it_is_read_by_the_first_command_alone)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct program watch;

	attach(harness_cgroup());
	cr_assert_eq(count_opens(), 1);
	attach(other);
	attach(harness_cgroup());
	expect_unread("another attach");
	assert_done(program_run(NULL, WORDS("reconcile")));
	expect_unread("reconcile");
	assert_done(program_run(NULL, WORDS("run", "-p", policy(), "true")));
	expect_unread("run");
	program_start(&watch, NULL, WORDS("watch"));
	program_expect(&watch, "holders are found");
	kill(watch.pid, SIGTERM);
	program_finish(&watch);
	expect_unread("watch");
	detach(other);
	detach(harness_cgroup());
	attach(harness_cgroup());
	expect_unread("attach on a host without fences");
}

Test(kernel_btf, doctor_says_whether_it_is_kept)
{
	static const char kept[] = "what fences need of this kernel's types is kept";
	struct program_result result = program_run(NULL, WORDS("doctor"));

	assert_lacks(result.output, kept);
	attach(harness_cgroup());
	result = program_run(NULL, WORDS("doctor"));
	assert_has(result.output, kept);
}

Test(kernel_btf, it_is_not_read_for_standing_fences)
{
	const char *name = cgfence_cgroup_path(harness_cgroup());
	char pattern[512];

	attach(harness_cgroup());
	cr_assert_eq(count_opens(), 1);
	snprintf(pattern, sizeof(pattern), "%s/job-*", name);
	assert_done(program_run(NULL, WORDS("attach", pattern, policy())));
	assert_done(program_run(NULL, WORDS("detach", pattern)));
	expect_unread("a standing fence");
}

/* What is pinned; its size is the result. */
static uint32_t read_pin(void *value)
{
	int map = bpf_obj_get(PIN);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	uint32_t zero = 0;

	cr_assert_geq(map, 0, "%s", strerror(errno));
	cr_assert_eq(bpf_obj_get_info_by_fd(map, &info, &size), 0);
	cr_assert_leq(info.value_size, VALUE_MAX - 8);
	cr_assert_eq(bpf_map_lookup_elem(map, &zero, value), 0);
	cr_expect_lt(bpf_map_update_elem(map, &zero, value, BPF_ANY), 0, "nobody changes it");
	close(map);
	return info.value_size;
}

static void write_pin(const char *path, const void *value, uint32_t size)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", sizeof(uint32_t), size, 1, NULL);
	uint32_t zero = 0;

	cr_assert_geq(map, 0, "%s", strerror(errno));
	cr_assert_eq(bpf_map_update_elem(map, &zero, value, BPF_ANY), 0);
	unlink(path);
	cr_assert_eq(bpf_obj_pin(map, path), 0, "%s", strerror(errno));
	close(map);
}

static void expect_made_anew(const char *what)
{
	attach(harness_cgroup());
	cr_expect_eq(count_opens(), 1, "%s is believed", what);
	attach(harness_cgroup());
	cr_expect_eq(count_opens(), 0, "after %s, it is not kept", what);
}

Test(kernel_btf, what_is_damaged_or_foreign_is_made_anew)
{
	static char value[VALUE_MAX];
	uint32_t size;

	attach(harness_cgroup());
	count_opens();
	size = read_pin(value);
	value[size / 2] ^= 1;
	write_pin(PIN, value, size);
	expect_made_anew("a changed byte");
	write_pin(PIN, value, size - 8);
	expect_made_anew("a cut map");
	write_pin(PIN, value, 8);
	expect_made_anew("a map of somebody else");
	cr_assert_eq(unlink(PIN), 0);
	/* A command was killed before it renamed this. */
	write_pin(PIN "_new", value, 8);
	expect_made_anew("none");
	cr_expect_lt(access(PIN "_new", F_OK), 0);
}

Test(kernel_btf, what_others_could_write_is_not_believed)
{
	attach(harness_cgroup());
	count_opens();
	cr_assert_eq(chmod(PINS, 0777), 0);
	attach(harness_cgroup());
	cr_expect_eq(count_opens(), 1);
}

Test(kernel_btf, another_kernel_is_read_anew)
{
	const struct program_options by_words = { .by_words = true };
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct utsname name;

	attach(harness_cgroup());
	cr_assert_eq(count_opens(), 1);
	uname(&name);
	assert_done(program_run(&by_words, WORDS("setarch", name.machine, "--uname-2.6",
						 program_path(), "attach", path, policy())));
	cr_expect_eq(count_opens(), 1);
	expect_made_anew("that of the other");
}

Test(kernel_btf, commands_at_once_leave_it_whole)
{
	enum { COUNT = 4 };
	static struct program programs[COUNT];
	char name[16];

	for (int i = 0; i < COUNT; i++) {
		struct cgfence_cgroup *child;

		snprintf(name, sizeof(name), "job-%d", i);
		child = harness_child_cgroup(harness_cgroup(), name);
		program_start(&programs[i], NULL,
			      WORDS("attach", cgfence_cgroup_path(child), policy()));
	}
	for (int i = 0; i < COUNT; i++) {
		program_finish(&programs[i]);
		cr_expect_eq(programs[i].result.status, 0, "%s", programs[i].result.errors);
	}
	count_opens();
	attach(harness_cgroup());
	cr_expect_eq(count_opens(), 0);
}
