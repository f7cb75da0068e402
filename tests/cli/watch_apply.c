// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The daemon makes the fences match the policy files. */
#include "applying.h"
#include "holder.h"
#include "support/children.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(watch_apply, .init = sockets_begin, .fini = harness_end, .timeout = 600);

Test(watch_apply, a_cgroup_that_appears_is_fenced)
{
	struct cgfence_cgroup *plain;
	struct cgfence_cgroup *first;
	struct cgfence_cgroup *inner;
	struct watching watching;

	applying_write_policy("plain.json", "/plain", "'ports': [80]");
	applying_write_policy("deep.json", "/web-*/inner", "'ports': [81]");
	applying_start(&watching);
	plain = harness_child_cgroup(harness_cgroup(), "plain");
	applying_expect_applied(&watching, plain, "plain.json");
	cr_expect_eq(applying_ports_of(plain), 80);
	/* A directory in between appears first. */
	first = harness_child_cgroup(harness_cgroup(), "web-1");
	inner = harness_child_cgroup(first, "inner");
	applying_expect_applied(&watching, inner, "deep.json");
	cr_expect_eq(applying_ports_of(inner), 81);
	watching_stop(&watching);
	/* Fences hold without the daemon. */
	cr_expect_eq(applying_ports_of(inner), 81);
}

Test(watch_apply, a_cgroup_that_is_made_again_is_fenced_again)
{
	struct cgfence_error error = { 0 };
	struct cgfence_cgroup *again;
	struct watching watching;
	struct cgfence_cgroup *first = harness_child_cgroup(harness_cgroup(), "again");

	applying_write_policy("a.json", "/again", "'ports': [80]");
	applying_start(&watching);
	applying_expect_applied(&watching, first, "a.json");
	cr_assert_eq(applying_ports_of(first), 80);
	cr_assert_eq(cgfence_cgroup_remove(first, &error), 0, "%s", error.text);
	again = harness_child_cgroup(harness_cgroup(), "again");
	applying_expect_applied(&watching, again, "a.json");
	cr_expect_eq(applying_ports_of(again), 80);
	watching_stop(&watching);
}

Test(watch_apply, a_file_that_changes_is_applied)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "b");
	struct watching watching;
	char from[160];
	char to[160];

	applying_write_policy("a.json", "/a", "'ports': [80]");
	applying_start(&watching);
	applying_expect_applied(&watching, cgroup, "a.json");
	cr_assert_eq(applying_ports_of(cgroup), 80);
	/* Written in place, new, and renamed over another as editors do. */
	applying_write_policy("a.json", "/a", "'ports': [81]");
	applying_expect_applied(&watching, cgroup, "a.json");
	cr_expect_eq(applying_ports_of(cgroup), 81);
	applying_write_policy("b.json", "/b", "'ports': [90]");
	applying_expect_applied(&watching, other, "b.json");
	applying_write_policy(".a.json.swp", "/a", "'ports': [82]");
	snprintf(from, sizeof(from), "%s/.a.json.swp", applying_directory());
	snprintf(to, sizeof(to), "%s/a.json", applying_directory());
	cr_assert_eq(rename(from, to), 0);
	applying_expect_applied(&watching, cgroup, "a.json");
	cr_expect_eq(applying_ports_of(cgroup), 82);
	cr_expect_eq(applying_ports_of(other), 90);
	watching_stop(&watching);
}

Test(watch_apply, a_broken_file_is_reported_and_the_old_policies_stay)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_cgroup *later;
	struct watching watching;
	json_t *event;

	applying_write_policy("a.json", "/a", "'ports': [80]");
	applying_write_policy("b.json", "/b-*", "'ports': [90]");
	applying_start(&watching);
	applying_write_policy("a.json", "/a", "'prts': [81]");
	event = watching_event(&watching, "error");
	assert_has(json_string_value(json_object_get(event, "error")), "a.json:1:");
	assert_has(json_string_value(json_object_get(event, "error")), "prts");
	json_decref(event);
	cr_expect_eq(applying_ports_of(cgroup), 80);
	/* The other policies still apply to new cgroups, unchanged. */
	later = harness_child_cgroup(harness_cgroup(), "b-1");
	applying_expect_applied(&watching, later, "b.json");
	applying_write_policy("a.json", "/a", "'ports': [81]");
	applying_expect_applied(&watching, cgroup, "a.json");
	cr_expect_eq(applying_ports_of(cgroup), 81);
	watching_stop(&watching);
}

Test(watch_apply, an_empty_directory_may_be_filled_later_and_a_file_that_goes_leaves_its_fence)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct watching watching;
	char path[160];

	applying_start(&watching);
	applying_write_policy("a.json", "/a", "'ports': [80]");
	applying_expect_applied(&watching, cgroup, "a.json");
	snprintf(path, sizeof(path), "%s/a.json", applying_directory());
	cr_assert_eq(unlink(path), 0);
	/* The last one applied shows that the removal was seen. */
	applying_write_policy("b.json", "", "'ports': [81]");
	applying_expect_applied(&watching, harness_cgroup(), "b.json");
	cr_expect_eq(applying_ports_of(cgroup), 80);
	watching_stop(&watching);
}

Test(watch_apply, a_directory_that_is_not_there_is_named_and_noticed_when_it_comes)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct watching watching;
	char inner[160];
	char outer[128];
	char text[256];

	snprintf(outer, sizeof(outer), "%s/outer", harness_directory());
	snprintf(inner, sizeof(inner), "%s/inner", outer);
	watching_start_with(&watching, NULL,
			    WORDS("watch", "--json", "--interval", LONG_INTERVAL, "--apply",
				  inner));
	watching_skip(&watching, "started");
	applying_expect_error(&watching, "/outer/inner: No such file or directory");
	/* Neighbours are of no interest. */
	applying_directory();
	cr_assert_eq(mkdir(outer, 0700), 0);
	cr_assert_eq(mkdir(inner, 0700), 0);
	snprintf(text, sizeof(text), "{'cgroup': '%s', 'ports': [80]}",
		 cgfence_cgroup_path(cgroup));
	program_file("outer/inner/a.json", text);
	applying_expect_applied(&watching, cgroup, "a.json");
	/* It may go and come again. */
	snprintf(text, sizeof(text), "%s/a.json", inner);
	cr_assert_eq(unlink(text), 0);
	cr_assert_eq(rmdir(inner), 0);
	cr_assert_eq(rmdir(outer), 0);
	cr_assert_eq(mkdir(outer, 0700), 0);
	cr_assert_eq(mkdir(inner, 0700), 0);
	snprintf(text, sizeof(text), "{'cgroup': '%s', 'ports': [81]}",
		 cgfence_cgroup_path(cgroup));
	program_file("outer/inner/a.json", text);
	applying_expect_applied(&watching, cgroup, "a.json");
	watching_stop(&watching);
	cr_expect_eq(applying_ports_of(cgroup), 81);
}

#define OTHER_CGROUPS 5000

/* Anybody to whom a cgroup is delegated can make and remove others. */
Test(watch_apply, cgroups_that_no_policy_names_hardly_wake_it)
{
	struct cgfence_cgroup *cgroup;
	struct watching watching;
	unsigned long before;
	char path[512];

	applying_write_policy("a.json", "/job-*", "'ports': [80]");
	applying_start(&watching);
	watching_expect_sleep(&watching);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/other", cgfence_cgroup_fd(harness_cgroup()));
	before = children_count_waits(watching.program.pid);
	for (int i = 0; i < OTHER_CGROUPS; i++) {
		cr_assert_eq(mkdir(path, 0700), 0, "%s", strerror(errno));
		cr_assert_eq(rmdir(path), 0, "%s", strerror(errno));
	}
	cr_expect_lt(children_count_waits(watching.program.pid), before + OTHER_CGROUPS / 10);
	/* One that a policy names is still seen. */
	cgroup = harness_child_cgroup(harness_cgroup(), "job-1");
	applying_expect_applied(&watching, cgroup, "a.json");
	watching_stop(&watching);
}

#define MANY_CGROUPS 200

/* Applying takes turns with all else. */
Test(watch_apply, many_cgroups_at_once_do_not_keep_it_from_a_listener)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct watching watching;
	struct holder holder;
	char violation[64];
	const char *one;
	size_t applied = 0;

	harness_attach(other, "{'ports': [1], 'on_violation': 'close'}");
	applying_write_policy("a.json", "/job-*", "'ports': [80]");
	applying_start(&watching);
	kill(watching.program.pid, SIGSTOP);
	for (int i = 0; i < MANY_CGROUPS; i++) {
		struct cgfence_cgroup *cgroup = NULL;
		char name[16];

		snprintf(name, sizeof(name), "job-%03d", i);
		cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), name, &cgroup, NULL), 0);
		cgfence_cgroup_close(cgroup);
	}
	kill(watching.program.pid, SIGCONT);
	watching_skip(&watching, "applied");
	kill(watching.program.pid, SIGSTOP);
	holder_start(&holder, &(const struct holder_options){ .cgroup = other,
							      .endpoint = "tcp 127.0.0.1 0",
							      .moved_in = true });
	kill(watching.program.pid, SIGHUP);
	kill(watching.program.pid, SIGCONT);
	watching_skip(&watching, "violation");
	snprintf(violation, sizeof(violation), "\"pid\":%d,", holder.pid);
	program_expect(&watching.program, "job-199\"");
	kill(watching.program.pid, SIGTERM);
	program_finish(&watching.program);
	close(watching.notify);
	one = strstr(watching.program.result.output, violation);
	cr_assert(one, "it is not told of");
	for (const char *at = one; (at = strstr(at, "\"event\":\"applied\"")); at++)
		applied++;
	cr_expect_gt(applied, 0, "it came after all of them");
	holder_stop(&holder);
}
