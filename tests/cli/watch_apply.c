// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The daemon makes the fences match the policy files. */
#include "watching.h"
#include "support/sockets.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(watch_apply, .init = sockets_begin, .fini = harness_end, .timeout = 600);

static const char *directory(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/policies", harness_directory());
	mkdir(path, 0700);
	return path;
}

/* @name: of the file. @cgroup: follows the path of the test's cgroup. @rest: follows the key "cgroup" in the policy. */
static void write_policy(const char *name, const char *cgroup, const char *rest)
{
	char text[512];
	char path[64];

	directory();
	snprintf(path, sizeof(path), "policies/%s", name);
	snprintf(text, sizeof(text), "{'cgroup': '%s%s', %s}",
		 cgfence_cgroup_path(harness_cgroup()), cgroup, rest);
	program_file(path, text);
}

static void start(struct watching *watching)
{
	watching_start_with(watching, NULL,
			    WORDS("watch", "--json", "--interval", LONG_INTERVAL, "--apply",
				  directory()));
	watching_skip(watching, "started");
}

static void expect_applied(struct watching *watching, const struct cgfence_cgroup *cgroup,
			   const char *file)
{
	json_t *event = watching_event(watching, "applied");
	const char *path = json_string_value(json_object_get(event, "file"));

	cr_assert_str_eq(json_string_value(json_object_get(event, "cgroup")),
			 cgfence_cgroup_path(cgroup));
	assert_has(path, file);
	json_decref(event);
}

static json_int_t ports_of(const struct cgfence_cgroup *cgroup)
{
	json_t *status = program_status(cgroup);
	json_t *tcp =
		json_object_get(json_object_get(json_object_get(status, "policy"), "ports"), "tcp");
	/* A list for both protocols has no keys for each. */
	json_t *list = tcp ? tcp : json_object_get(json_object_get(status, "policy"), "ports");
	json_int_t port = json_integer_value(json_array_get(list, 0));

	json_decref(status);
	return port;
}

Test(watch_apply, a_cgroup_that_appears_is_fenced)
{
	struct cgfence_cgroup *plain;
	struct cgfence_cgroup *first;
	struct cgfence_cgroup *inner;
	struct watching watching;

	write_policy("plain.json", "/plain", "'ports': [80]");
	write_policy("deep.json", "/web-*/inner", "'ports': [81]");
	start(&watching);
	plain = harness_child_cgroup(harness_cgroup(), "plain");
	expect_applied(&watching, plain, "plain.json");
	cr_expect_eq(ports_of(plain), 80);
	/* A directory in between appears first. */
	first = harness_child_cgroup(harness_cgroup(), "web-1");
	inner = harness_child_cgroup(first, "inner");
	expect_applied(&watching, inner, "deep.json");
	cr_expect_eq(ports_of(inner), 81);
	watching_stop(&watching);
	/* Fences hold without the daemon. */
	cr_expect_eq(ports_of(inner), 81);
}

Test(watch_apply, a_cgroup_that_is_made_again_is_fenced_again)
{
	struct cgfence_error error = { 0 };
	struct cgfence_cgroup *again;
	struct watching watching;
	struct cgfence_cgroup *first = harness_child_cgroup(harness_cgroup(), "again");

	write_policy("a.json", "/again", "'ports': [80]");
	start(&watching);
	expect_applied(&watching, first, "a.json");
	cr_assert_eq(ports_of(first), 80);
	cr_assert_eq(cgfence_cgroup_remove(first, &error), 0, "%s", error.text);
	again = harness_child_cgroup(harness_cgroup(), "again");
	expect_applied(&watching, again, "a.json");
	cr_expect_eq(ports_of(again), 80);
	watching_stop(&watching);
}

Test(watch_apply, a_file_that_changes_is_applied)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "b");
	struct watching watching;
	char from[160];
	char to[160];

	write_policy("a.json", "/a", "'ports': [80]");
	start(&watching);
	expect_applied(&watching, cgroup, "a.json");
	cr_assert_eq(ports_of(cgroup), 80);
	/* Written in place, new, and renamed over another as editors do. */
	write_policy("a.json", "/a", "'ports': [81]");
	expect_applied(&watching, cgroup, "a.json");
	cr_expect_eq(ports_of(cgroup), 81);
	write_policy("b.json", "/b", "'ports': [90]");
	expect_applied(&watching, other, "b.json");
	write_policy(".a.json.swp", "/a", "'ports': [82]");
	snprintf(from, sizeof(from), "%s/.a.json.swp", directory());
	snprintf(to, sizeof(to), "%s/a.json", directory());
	cr_assert_eq(rename(from, to), 0);
	expect_applied(&watching, cgroup, "a.json");
	cr_expect_eq(ports_of(cgroup), 82);
	cr_expect_eq(ports_of(other), 90);
	watching_stop(&watching);
}

Test(watch_apply, a_broken_file_is_reported_and_the_old_policies_stay)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct cgfence_cgroup *later;
	struct watching watching;
	json_t *event;

	write_policy("a.json", "/a", "'ports': [80]");
	write_policy("b.json", "/b-*", "'ports': [90]");
	start(&watching);
	write_policy("a.json", "/a", "'prts': [81]");
	event = watching_event(&watching, "error");
	assert_has(json_string_value(json_object_get(event, "error")), "a.json:1:");
	assert_has(json_string_value(json_object_get(event, "error")), "prts");
	json_decref(event);
	cr_expect_eq(ports_of(cgroup), 80);
	/* The other policies still apply to new cgroups, unchanged. */
	later = harness_child_cgroup(harness_cgroup(), "b-1");
	expect_applied(&watching, later, "b.json");
	write_policy("a.json", "/a", "'ports': [81]");
	expect_applied(&watching, cgroup, "a.json");
	cr_expect_eq(ports_of(cgroup), 81);
	watching_stop(&watching);
}

Test(watch_apply, an_empty_directory_may_be_filled_later_and_a_file_that_goes_leaves_its_fence)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), "a");
	struct watching watching;
	char path[160];

	start(&watching);
	write_policy("a.json", "/a", "'ports': [80]");
	expect_applied(&watching, cgroup, "a.json");
	snprintf(path, sizeof(path), "%s/a.json", directory());
	cr_assert_eq(unlink(path), 0);
	/* The last one applied shows that the removal was seen. */
	write_policy("b.json", "", "'ports': [81]");
	expect_applied(&watching, harness_cgroup(), "b.json");
	cr_expect_eq(ports_of(cgroup), 80);
	watching_stop(&watching);
}

Test(watch_apply, what_is_not_there_is_named)
{
	assert_fails(program_run(NULL, WORDS("watch", "--apply", "/no/such/directory")), 1,
		     "cannot watch /no/such");
}
