// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The daemon resolves the words of fences again when devices come and go, whoever made the fences. */
#include "watching.h"
#include "support/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(watch_words, .init = sockets_begin, .fini = harness_end, .timeout = 600);

static const char *node(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

/* The node gets these numbers, or is gone. */
static void put(const char *name, const char *target)
{
	unlink(node(name));
	if (target)
		cr_assert_eq(symlink(target, node(name)), 0, "%s", strerror(errno));
}

/* @devices: with %s for the directory of the nodes, thrice at most, and ' for " */
static void attach(const char *cgroup, const char *devices)
{
	struct program_options options = { 0 };
	char policy[1024];
	char format[512];

	snprintf(format, sizeof(format), "{'devices': %s}", devices);
	snprintf(policy, sizeof(policy), format, harness_directory(), harness_directory(),
		 harness_directory());
	options.input = policy;
	assert_done(program_run(&options, WORDS("attach", cgroup, "-")));
}

static void attach_own(const char *devices)
{
	attach(cgfence_cgroup_path(harness_cgroup()), devices);
}

static void expect_resolved(struct watching *watching, const char *cgroup, const char *reason)
{
	json_t *event = watching_event(watching, "resolved");

	cr_expect_str_eq(text_of(event, "cgroup"), cgroup);
	assert_has(text_of(event, "reason"), reason);
	cr_expect(json_object_size(json_object_get(event, "changes")));
	json_decref(event);
}

static void expect_own(struct watching *watching, const char *reason)
{
	expect_resolved(watching, cgfence_cgroup_path(harness_cgroup()), reason);
}

static int open_own(const char *device)
{
	return harness_open(harness_cgroup(), device, O_RDONLY);
}

static json_int_t generation(void)
{
	json_t *status = program_status(harness_cgroup());
	json_int_t number = json_integer_value(json_object_get(status, "generation"));

	json_decref(status);
	return number;
}

Test(watch_words, a_renumbered_device_is_followed_and_its_old_number_closed)
{
	struct watching watching;
	json_t *changes;
	json_t *event;

	put("a", "/dev/null");
	attach_own("{'allow': ['%s/a r', 'c 1:7 r']}");
	watching_start(&watching, "200ms");
	put("a", "/dev/zero");
	event = watching_event(&watching, "resolved");
	cr_expect_str_eq(text_of(event, "cgroup"), cgfence_cgroup_path(harness_cgroup()));
	assert_has(text_of(event, "reason"), "/a r' stands for c 1:5 r");
	changes = json_pack("{s:{s:{s:[s], s:[s]}}}", "devices", "allow", "removed", "c 1:3 r",
			    "added", "c 1:5 r");
	cr_expect(json_equal(json_object_get(event, "changes"), changes));
	json_decref(changes);
	json_decref(event);
	cr_expect_eq(open_own("c 1:3"), EPERM);
	cr_expect_eq(open_own("c 1:5"), 0);
	cr_expect_eq(open_own("c 1:7"), 0);
	cr_expect_eq(generation(), 2);
	watching_stop(&watching);
}

/* Its number may be that of another device by now. */
Test(watch_words, what_is_allowed_and_gone_is_closed_until_it_is_back)
{
	struct watching watching;

	put("a", "/dev/null");
	attach_own("{'allow': ['%s/a r']}");
	watching_start(&watching, "200ms");
	put("a", NULL);
	expect_own(&watching, "/a r' matches nothing any more");
	cr_expect_eq(open_own("c 1:3"), EPERM);
	put("a", "/dev/full");
	expect_own(&watching, "/a r' stands for c 1:7 r");
	cr_expect_eq(open_own("c 1:7"), 0);
	watching_stop(&watching);
}

Test(watch_words, what_is_denied_and_gone_keeps_its_numbers)
{
	struct watching watching;

	put("a", "/dev/null");
	put("b", "/dev/zero");
	attach_own("{'defaults': true, 'deny': ['%s/a r', '%s/b* r']}");
	watching_start(&watching, LONG_INTERVAL);
	put("a", NULL);
	/* Nothing changes, so that only what follows is told. */
	watching_round(&watching);
	cr_expect_eq(open_own("c 1:3"), EPERM);
	put("b", "/dev/full");
	watching_round(&watching);
	expect_own(&watching, "/b* r' stands for c 1:7 r");
	cr_expect_eq(open_own("c 1:3"), EPERM);
	cr_expect_eq(open_own("c 1:5"), 0);
	cr_expect_eq(open_own("c 1:7"), EPERM);
	/* And so it is after a restart, which has all from the kernel. */
	watching_stop(&watching);
	watching_start(&watching, LONG_INTERVAL);
	cr_expect_eq(generation(), 2);
	cr_expect_eq(open_own("c 1:3"), EPERM);
	watching_stop(&watching);
}

Test(watch_words, a_standing_fence_is_resolved_for_all_its_members)
{
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "job-1");
	struct watching watching;
	char pattern[256];

	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	put("a1", "/dev/null");
	attach(pattern, "{'allow': ['-%s/a? r']}");
	watching_start(&watching, "200ms");
	put("a2", "/dev/zero");
	expect_resolved(&watching, pattern, "/a? r' stands for c 1:3 r, c 1:5 r");
	cr_expect_eq(harness_open(member, "c 1:5", O_RDONLY), 0);
	cr_expect_eq(harness_open(member, "c 1:7", O_RDONLY), EPERM);
	watching_stop(&watching);
	assert_done(program_run(NULL, WORDS("detach", pattern)));
}

Test(watch_words, what_changed_while_nobody_watched_is_noticed_at_the_start)
{
	struct watching watching;

	put("a", "/dev/null");
	attach_own("{'allow': ['%s/a r']}");
	assert_done(program_run(NULL, WORDS("allow", cgfence_cgroup_path(harness_cgroup()),
					    "device", "/dev/full r")));
	put("a", "/dev/zero");
	watching_start(&watching, LONG_INTERVAL);
	expect_own(&watching, "/a r' stands for c 1:5 r");
	cr_expect_eq(open_own("c 1:7"), 0, "what was allowed since is kept");
	watching_stop(&watching);
}

Test(watch_words, an_event_of_the_kernel_is_followed_at_once)
{
	struct watching watching;
	int fd;

	put("a", "/dev/null");
	attach_own("{'allow': ['%s/a r']}");
	watching_start(&watching, LONG_INTERVAL);
	watching_await_rest(&watching);
	put("a", "/dev/zero");
	/* Documentation/ABI/testing/sysfs-uevent */
	fd = open("/sys/class/mem/null/uevent", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "change", 6) != 6)
		sockets_skip("the kernel here lets nobody make an event of a device");
	close(fd);
	expect_own(&watching, "/a r' stands for c 1:5 r");
	watching_stop(&watching);
}

/* The same words mean the same, however often they are looked at. */
Test(watch_words, nothing_changes_without_a_change)
{
	struct watching watching;

	put("a", "/dev/null");
	attach_own(
		"{'allow': ['%s/a r', '-/dev/cgfence-none r', 'c mem:* w'], 'deny': ['/dev/z* w']}");
	watching_start(&watching, LONG_INTERVAL);
	for (int i = 0; i < 3; i++)
		watching_round(&watching);
	cr_expect_eq(generation(), 1);
	put("a", "/dev/null");
	watching_round(&watching);
	watching_stop(&watching);
	cr_expect_null(strstr(watching.program.result.output, "resolved"), "'%s'",
		       watching.program.result.output);
}

/* One that cannot be resolved keeps what it has, is told of once, and does not keep the others. */
Test(watch_words, a_fence_that_cannot_be_resolved_keeps_its_numbers)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct watching watching;
	char name[16];

	put("a", "/dev/null");
	attach_own("{'allow': ['%s/[n a]* r']}");
	attach(cgfence_cgroup_path(other), "{'allow': ['%s/a r']}");
	watching_start(&watching, LONG_INTERVAL);
	for (int i = 0; i < 4097; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		put(name, "/dev/full");
	}
	put("a", "/dev/zero");
	watching_round(&watching);
	watching_round(&watching);
	expect_resolved(&watching, cgfence_cgroup_path(other), "stands for c 1:5 r");
	cr_expect_eq(generation(), 1);
	cr_expect_eq(open_own("c 1:7"), EPERM);
	watching_stop(&watching);
}
