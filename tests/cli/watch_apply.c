// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The daemon makes the fences match the policy files. */
#include "applying.h"
#include "support/children.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(watch_apply, .init = sockets_begin, .fini = harness_end, .timeout = 600);

Test(watch_apply, cgroups_that_appear_are_fenced_from_the_beginning)
{
	struct cgfence_cgroup *plain;
	struct cgfence_cgroup *inner;
	struct watching watching;

	applying_write_policy("deep.json", "/web-*/inner", "'ports': [81]");
	applying_write_policy("plain.json", "/plain", "'ports': [80]");
	applying_start(&watching);
	applying_expect_applied_to(&watching, "/plain", "plain.json");
	applying_expect_applied_to(&watching, "/web-*/inner", "deep.json");
	/* It is not asked for that. */
	kill(watching.program.pid, SIGSTOP);
	plain = harness_child_cgroup(harness_cgroup(), "plain");
	inner = harness_child_cgroup(harness_child_cgroup(harness_cgroup(), "web-1"), "inner");
	cr_expect_eq(applying_ports_of(plain), 80);
	cr_expect_eq(applying_ports_of(inner), 81);
	kill(watching.program.pid, SIGCONT);
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
	/* While it is away, its name is fenced. */
	applying_expect_applied(&watching, first, "a.json");
	kill(watching.program.pid, SIGSTOP);
	again = harness_child_cgroup(harness_cgroup(), "again");
	cr_expect_eq(applying_ports_of(again), 80);
	kill(watching.program.pid, SIGCONT);
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
	applying_expect_applied(&watching, cgroup, "a.json");
	applying_expect_applied_to(&watching, "/b-*", "b.json");
	applying_write_policy("a.json", "/a", "'prts': [81]");
	event = watching_event(&watching, "error");
	assert_has(json_string_value(json_object_get(event, "error")), "a.json:1:");
	assert_has(json_string_value(json_object_get(event, "error")), "prts");
	json_decref(event);
	cr_expect_eq(applying_ports_of(cgroup), 80);
	/* The other policies still apply to new cgroups, unchanged. */
	later = harness_child_cgroup(harness_cgroup(), "b-1");
	cr_expect_eq(applying_ports_of(later), 90);
	applying_write_policy("a.json", "/a", "'ports': [81]");
	applying_expect_applied(&watching, cgroup, "a.json");
	cr_expect_eq(applying_ports_of(cgroup), 81);
	watching_stop(&watching);
}

static void set_mode(const char *name, mode_t mode)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", applying_directory(), name);
	cr_assert_eq(chmod(path, mode), 0, "%s", path);
}

/* The error says to take the mode from others, and that is enough. */
Test(watch_apply, policies_that_others_can_change_are_applied_once_they_cannot)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct watching watching;

	applying_write_policy("a.json", "/a", "'ports': [80]");
	set_mode("a.json", 0666);
	applying_start(&watching);
	applying_expect_error(&watching, "others than root can change the policy");
	set_mode("a.json", 0644);
	applying_expect_applied(&watching, cgroup, "a.json");
	set_mode(".", 0777);
	applying_expect_error(&watching, "others than root can change the directory");
	applying_write_policy("a.json", "/a", "'ports': [81]");
	set_mode(".", 0700);
	applying_expect_applied(&watching, cgroup, "a.json");
	cr_expect_eq(applying_ports_of(cgroup), 81);
	watching_stop(&watching);
}

/* No change of what a link leads to is seen. */
Test(watch_apply, what_cannot_be_read_is_tried_again_at_each_pass)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct watching watching;
	char target[160];
	char link[160];

	snprintf(target, sizeof(target), "%s/apart", harness_directory());
	cr_assert_eq(mkdir(target, 0700), 0);
	applying_write_policy("../apart/a.json", "/a", "'ports': [80]");
	snprintf(target, sizeof(target), "%s/apart/a.json", harness_directory());
	snprintf(link, sizeof(link), "%s/a.json", applying_directory());
	cr_assert_eq(symlink(target, link), 0);
	set_mode("../apart/a.json", 0666);
	watching_start_with(&watching, NULL,
			    WORDS("watch", "--json", "--interval", "200ms", "--apply",
				  applying_directory()));
	applying_expect_error(&watching, "others than root can change the policy");
	set_mode("../apart/a.json", 0644);
	applying_expect_applied(&watching, cgroup, "a.json");
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
	struct cgfence_error error = { 0 };
	struct cgfence_cgroup *cgroup;
	struct watching watching;
	unsigned long before;
	char path[512];

	cgroup = harness_child_cgroup(harness_cgroup(), "job");
	applying_write_policy("a.json", "/job", "'ports': [80]");
	applying_start(&watching);
	applying_expect_applied(&watching, cgroup, "a.json");
	watching_await_rest(&watching);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/other", cgfence_cgroup_fd(harness_cgroup()));
	before = children_count_waits(watching.program.pid);
	for (int i = 0; i < OTHER_CGROUPS; i++) {
		cr_assert_eq(mkdir(path, 0700), 0, "%s", strerror(errno));
		cr_assert_eq(rmdir(path), 0, "%s", strerror(errno));
	}
	cr_expect_lt(children_count_waits(watching.program.pid), before + OTHER_CGROUPS / 10);
	/* One that a policy names is still seen. */
	cr_assert_eq(cgfence_cgroup_remove(cgroup, &error), 0, "%s", error.text);
	applying_expect_applied(&watching, cgroup, "a.json");
	watching_stop(&watching);
}
