// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The daemon applies what it can: devices that come and go, policies in conflict, limits of the host. */
#include "applying.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

TestSuite(watch_resolve, .init = sockets_begin, .fini = harness_end, .timeout = 600);

static const char *link_path(void)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/device", harness_directory());
	return path;
}

/* The device that the policies name gets these numbers. */
static void make_device(const char *target)
{
	char new[192];

	/* At no instant is there none. */
	snprintf(new, sizeof(new), "%s.new", link_path());
	cr_assert_eq(symlink(target, new), 0, "%s", strerror(errno));
	cr_assert_eq(rename(new, link_path()), 0, "%s", strerror(errno));
}

static void write_device_policy(const char *name, const char *cgroup)
{
	char rest[256];

	snprintf(rest, sizeof(rest), "'devices': {'allow': [{'path': '%s', 'access': 'r'}]}",
		 link_path());
	applying_write_policy(name, cgroup, rest);
}

#define PATIENCE_MS 60000

/* Whichever comes first tells of it: that the policy of the file is applied, or that the fence is resolved again. */
static void await_verdict(const struct cgfence_cgroup *cgroup, const char *device, int expected)
{
	for (int i = 0; i < PATIENCE_MS && harness_open(cgroup, device, O_RDONLY) != expected; i++)
		usleep(1000);
	cr_assert_eq(harness_open(cgroup, device, O_RDONLY), expected, "%s", device);
}

Test(watch_resolve, a_device_that_is_absent_stops_no_other_policy_and_is_tried_again)
{
	struct cgfence_cgroup *first = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_cgroup *second = harness_child_cgroup(harness_cgroup(), "b");
	struct watching watching;

	write_device_policy("a.json", "/a");
	applying_write_policy("b.json", "/b", "'ports': [80]");
	watching_start_with(&watching, NULL,
			    WORDS("watch", "--json", "--interval", "200ms", "--apply",
				  applying_directory()));
	watching_skip(&watching, "started");
	applying_expect_error(&watching, "there is no such device on this host");
	applying_expect_applied(&watching, second, "b.json");
	/* Nothing tells of it, so it is seen at a pass. */
	make_device("/dev/null");
	applying_expect_applied(&watching, first, "a.json");
	cr_expect_eq(harness_open(first, "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(first, "c 1:5", O_RDONLY), EPERM);
	watching_stop(&watching);
}

Test(watch_resolve, a_device_with_other_numbers_is_noticed)
{
	struct cgfence_cgroup *first = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_cgroup *later;
	struct watching watching;

	make_device("/dev/null");
	write_device_policy("a.json", "/a*");
	watching_start_with(&watching, NULL,
			    WORDS("watch", "--json", "--interval", "200ms", "--apply",
				  applying_directory()));
	applying_expect_applied_to(&watching, "/a*", "a.json");
	make_device("/dev/zero");
	await_verdict(first, "c 1:5", 0);
	cr_expect_eq(harness_open(first, "c 1:3", O_RDONLY), EPERM, "the old number is allowed");
	/* While it is gone, the fence stays, for new cgroups too, and its number is closed: another device may get it. */
	unlink(link_path());
	applying_expect_error(&watching, "there is no such device on this host");
	await_verdict(first, "c 1:5", EPERM);
	later = harness_child_cgroup(harness_cgroup(), "a-later");
	cr_expect_eq(harness_open(later, "c 1:3", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(later, "c 1:5", O_RDONLY), EPERM);
	make_device("/dev/full");
	await_verdict(later, "c 1:7", 0);
	watching_stop(&watching);
}

/* Lets the kernel tell of a device (Documentation/ABI/testing/sysfs-uevent). */
static bool tell_of_a_device(void)
{
	int fd = open("/sys/class/mem/null/uevent", O_WRONLY | O_CLOEXEC);
	bool told = fd >= 0 && write(fd, "change", 6) == 6;

	if (fd >= 0)
		close(fd);
	return told;
}

Test(watch_resolve, a_device_event_is_followed_at_once)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct watching watching;

	make_device("/dev/null");
	write_device_policy("a.json", "/a");
	applying_start(&watching);
	applying_expect_applied(&watching, cgroup, "a.json");
	watching_await_rest(&watching);
	make_device("/dev/zero");
	if (!tell_of_a_device())
		sockets_skip("the kernel here lets nobody make an event of a device");
	await_verdict(cgroup, "c 1:5", 0);
	cr_expect_eq(harness_open(cgroup, "c 1:3", O_RDONLY), EPERM);
	watching_stop(&watching);
}

/* A hangup reads the files again, and must not lose the policy of a device that is gone now. */
Test(watch_resolve, a_hangup_keeps_the_policy_of_a_device_that_is_gone)
{
	struct cgfence_cgroup *later;
	struct watching watching;
	size_t seen;

	make_device("/dev/null");
	write_device_policy("a.json", "/a*");
	applying_start(&watching);
	applying_expect_applied_to(&watching, "/a*", "a.json");
	unlink(link_path());
	seen = watching.program.seen;
	watching_round(&watching);
	applying_expect_error(&watching, "there is no such device on this host");
	/* Either comes first. */
	watching.program.seen = seen;
	watching_skip(&watching, "resolved");
	watching_round(&watching);
	later = harness_child_cgroup(harness_cgroup(), "a-later");
	cr_expect_eq(harness_open(later, "c 1:3", O_RDONLY), EPERM);
	cr_expect_eq(harness_open(later, "c 1:5", O_RDONLY), EPERM);
	make_device("/dev/zero");
	watching_round(&watching);
	await_verdict(later, "c 1:5", 0);
	watching_stop(&watching);
}

Test(watch_resolve, a_conflict_is_a_matter_of_its_cgroup_alone)
{
	struct cgfence_cgroup *first = harness_child_cgroup(harness_cgroup(), "ab");
	struct cgfence_cgroup *second = harness_child_cgroup(harness_cgroup(), "c");
	struct watching watching;

	applying_write_policy("1.json", "/a*", "'ports': [80]");
	applying_write_policy("2.json", "//a*", "'ports': [81]");
	applying_write_policy("3.json", "/c", "'ports': [82]");
	applying_start(&watching);
	applying_expect_error(&watching, "both name the cgroup ");
	applying_expect_applied(&watching, second, "3.json");
	assert_fails(program_run(NULL, WORDS("show", cgfence_cgroup_path(first))), 1,
		     "has no fence");
	watching_stop(&watching);
}

/* A limit of the host must not keep it from its work. It says so once. */
static void expect_work_without_notice(long call, int code)
{
	const struct program_options options = { .failing_call = call, .failing_errno = code };
	struct cgfence_cgroup *first = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_cgroup *second = harness_child_cgroup(harness_cgroup(), "b");
	struct watching watching;
	size_t count = 0;
	json_t *event;

	applying_write_policy("a.json", "/a", "'ports': [80]");
	watching_start_with(&watching, &options,
			    WORDS("watch", "--json", "--interval", LONG_INTERVAL, "--apply",
				  applying_directory()));
	event = watching_event(&watching, "error");
	assert_has(text_of(event, "error"), "raise fs.inotify.max_user_");
	assert_has(text_of(event, "error"), "seen only at the interval");
	json_decref(event);
	applying_expect_applied(&watching, first, "a.json");
	/* A file, a cgroup and a listener, all seen by the next round. */
	applying_write_policy("b.json", "/b", "'ports': [81]");
	watching_round(&watching);
	applying_expect_applied(&watching, second, "b.json");
	applying_write_policy("b.json", "/b", "'ports': [82]");
	watching_round(&watching);
	applying_expect_applied(&watching, second, "b.json");
	cr_expect_eq(applying_ports_of(second), 82);
	kill(watching.program.pid, SIGTERM);
	program_finish(&watching.program);
	close(watching.notify);
	assert_done(watching.program.result);
	for (const char *at = watching.program.result.output;
	     (at = strstr(at, "seen only at the interval")); at++)
		count++;
	cr_expect_eq(count, 2, "once for policies and once for fences: '%s'",
		     watching.program.result.output);
}

Test(watch_resolve, without_room_for_watches_it_goes_on)
{
	expect_work_without_notice(SYS_inotify_add_watch, ENOSPC);
}

Test(watch_resolve, without_inotify_it_goes_on)
{
	expect_work_without_notice(SYS_inotify_init1, EMFILE);
}
