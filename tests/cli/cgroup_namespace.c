// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* In a cgroup namespace of its own, as a pod that manages its node: with a cgroup2 mount of the host, and without. */
#include "fields.h"
#include "holder.h"
#include "program.h"
#include "support/children.h"
#include "support/harness.h"
#include "support/namespaces.h"

#include <cgfence/standing.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DEVICES "{'devices': {'allow': ['c 1:3 r']}}"

static struct cgfence_cgroup *pod; /* the root of the namespace */
static struct cgfence_cgroup *inner;
static struct cgfence_cgroup *outer;

static void set_up(void)
{
	harness_begin();
	pod = harness_child_cgroup(harness_cgroup(), "pod");
	inner = harness_child_cgroup(pod, "inner");
	outer = harness_child_cgroup(harness_cgroup(), "outer");
}

TestSuite(cgroup_namespace, .init = set_up, .fini = harness_end);

/* What the pod has of the mount of the host. */
#define NOTHING "umount \"$host\""
#define ALL ":"
#define READ_ONLY "mount -o remount,bind,ro \"$host\""

/* Runs a script with cgfence as $c in the namespace. */
static struct program_result run_in_pod(const char *of_host, const char *script,
					const char *argument)
{
	static const char begin[] =
		"own=$(findmnt -rn -t cgroup2 -o TARGET | head -n 1) && host=$1/host && c=$2 && shift 2 && "
		"mkdir -p \"$host\" && mount --bind \"$own\" \"$host\" && umount -l \"$own\" && "
		"mount -t cgroup2 none \"$own\"";
	const struct program_options options = { .by_words = true, .cgroup = pod };
	char whole[2048];

	snprintf(whole, sizeof(whole), "%s && %s && { %s; }", begin, of_host, script);
	return program_run(&options, WORDS("unshare", "--mount", "--cgroup", "sh", "-c", whole,
					   "sh", harness_directory(), program_path(), argument));
}

/* The path of a cgroup in the namespace. */
static const char *path_in_pod(const struct cgfence_cgroup *cgroup)
{
	const char *path = cgfence_cgroup_path(cgroup) + strlen(cgfence_cgroup_path(pod));

	return *path ? path : "/";
}

Test(cgroup_namespace, a_fence_has_the_path_that_the_mount_of_the_host_shows)
{
	struct program_result result;
	json_t *list;

	harness_attach(pod, DEVICES);
	harness_attach(inner, DEVICES);
	harness_attach(outer, DEVICES);
	harness_open(outer, "c 1:3", O_WRONLY);
	result = run_in_pod(ALL, "$c status --json", "");
	assert_done(result);
	list = program_json(&result);
	cr_assert_eq(json_array_size(list), 3);
	cr_expect_str_eq(text_of(json_array_get(list, 0), "cgroup"), cgfence_cgroup_path(pod));
	cr_expect_str_eq(text_of(json_array_get(list, 1), "cgroup"), cgfence_cgroup_path(inner));
	cr_expect_str_eq(text_of(json_array_get(list, 2), "cgroup"), cgfence_cgroup_path(outer));
	json_decref(list);
	result = run_in_pod(ALL, "$c denials", "");
	assert_done(result);
	assert_has(result.output, cgfence_cgroup_path(outer));
}

Test(cgroup_namespace, every_printed_path_is_taken_back)
{
	struct program_result result;

	harness_attach(pod, "{'devices': {'allow': ['c 1:3 rw']}}");
	harness_attach(inner, DEVICES);
	harness_attach(outer, DEVICES);
	result = run_in_pod(ALL,
			    "$c list | tail -n +2 | cut -f 1 | while read -r path; do "
			    "$c show \"$path\" >/dev/null && $c detach \"$path\"; done",
			    "");
	assert_status(result, 0);
	assert_has(result.output, cgfence_cgroup_path(pod));
	assert_has(result.output, cgfence_cgroup_path(inner));
	assert_has(result.output, cgfence_cgroup_path(outer));
	cr_expect_eq(harness_hook_programs(pod), 0);
	cr_expect_eq(harness_hook_programs(inner), 0);
	cr_expect_eq(harness_hook_programs(outer), 0);
}

/* The anchor is above the namespace, and no mount shows it. */
Test(cgroup_namespace, a_member_is_asked_about_and_its_pattern_is_taken_back)
{
	struct cgfence_policy *policy = harness_policy("{'devices': {'defaults': true}}");
	enum cgfence_attach_result attached;
	struct program_result result;
	char pattern[256];
	int code;

	snprintf(pattern, sizeof(pattern), "%s/po*", cgfence_cgroup_path(harness_cgroup()));
	code = cgfence_standing_attach(pattern, policy, 0, &attached, NULL);
	cgfence_policy_free(policy);
	if (code)
		harness_skip("this kernel takes no standing fences");
	harness_open(pod, "c 1:11", O_RDONLY);
	result = run_in_pod(NOTHING, "$c status --json / && $c denials pid:self >/dev/null", "");
	assert_done(result);
	assert_has(result.output, pattern);
	assert_has(result.output, "\"anchor\": null");
	result = run_in_pod(
		NOTHING,
		"path=$($c list | tail -n 1 | cut -f 1) && $c status \"$path\" >/dev/null && "
		"$c show \"$path\" >/dev/null && $c explain \"$path\" device c 1:3 r && "
		"$c allow \"$path\" device c 1:11 r && $c detach \"$path\"",
		"");
	assert_done(result);
	assert_has(result.output, "Detached the standing fence");
}

/* Its root is above that of the namespace, whose name there it does not tell. */
Test(cgroup_namespace, processes_are_found_where_only_the_mount_of_the_host_is)
{
	static const char script[] =
		"$0 attach pid:self && $0 run -- sh -c 'tail -n 1 /proc/self/cgroup' && $0 list pid:self";
	const struct program_options options = { .by_words = true, .cgroup = inner };
	struct program_result result = program_run(&options, WORDS("unshare", "--cgroup", "sh",
								   "-c", script, program_path()));

	assert_done(result);
	assert_has(result.output, "Fenced /");
	assert_has(result.output, "0::/cgfence-run-");
	assert_has(result.output, strrchr(cgfence_cgroup_path(inner), '/'));
	cr_expect_eq(harness_hook_programs(inner), 1);
}

static bool hold_nothing(void *unused)
{
	(void)unused;
	return true;
}

Test(cgroup_namespace, a_cgroup_is_found_by_its_own_mount_and_by_processes)
{
	pid_t outside = children_hold(outer, hold_nothing, NULL);
	struct program_result in_read_only;
	struct program_result result;
	char pid[32];

	snprintf(pid, sizeof(pid), "pid:%d", outside);
	result = run_in_pod(
		ALL, "$c attach \"$own/inner\" && $c attach pid:self && $c attach \"$1\"", pid);
	in_read_only = run_in_pod(READ_ONLY, "$c list \"$1\"", pid);
	children_end(outside);
	assert_status(result, 0);
	assert_has(result.output, cgfence_cgroup_path(pod));
	assert_has(result.output, cgfence_cgroup_path(inner));
	assert_has(result.output, cgfence_cgroup_path(outer));
	cr_expect_eq(harness_hook_programs(pod), 1);
	cr_expect_eq(harness_hook_programs(inner), 1);
	cr_expect_eq(harness_hook_programs(outer), 1);
	assert_done(in_read_only);
	assert_has(in_read_only.output, cgfence_cgroup_path(outer));
}

/* Its path leads out of the mount of the namespace, and there to another one, in which it is not. */
Test(cgroup_namespace, a_process_elsewhere_is_not_taken_for_one_in_another_mount)
{
	pid_t outside = children_hold(outer, hold_nothing, NULL);
	struct program_result result;
	struct program_result beside;
	char pid[32];

	snprintf(pid, sizeof(pid), "pid:%d", outside);
	result = run_in_pod(NOTHING, "$c attach \"$1\"", pid);
	beside = run_in_pod(
		NOTHING,
		"d=${host%/host} && mkdir -p \"$d/own\" \"$d/outer\" && "
		"mount --move \"$own\" \"$d/own\" && mount -t cgroup2 none \"$d/outer\" && "
		"$c attach \"$1\"",
		pid);
	children_end(outside);
	assert_fails(result, 1, "no cgroup2 mount here shows the cgroup /../outer");
	assert_fails(beside, 1, "no cgroup2 mount here shows the cgroup /../outer");
	cr_expect_eq(harness_hook_programs(outer), 0);
	cr_expect_eq(harness_hook_programs(pod), 0);
}

/* The fence above its mount has a say, and is seen through the mount of the host. */
Test(cgroup_namespace, explain_goes_on_above_the_own_mount)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	harness_attach(inner, DEVICES);
	result = run_in_pod(ALL, "$c explain \"$own/inner\" device c 1:3 r", "");
	assert_status(result, 3);
	assert_has(result.output, cgfence_cgroup_path(harness_cgroup()));
	result = run_in_pod(READ_ONLY, "$c explain \"$own/inner\" device c 1:3 r", "");
	assert_status(result, 3);
	assert_has(result.output, cgfence_cgroup_path(harness_cgroup()));
}

Test(cgroup_namespace, run_makes_its_cgroup_where_it_can)
{
	struct program_result result;

	result = run_in_pod(READ_ONLY, "$c run -- sh -c 'tail -n 1 /proc/self/cgroup'", "");
	assert_status(result, 0);
	assert_has(result.output, "0::/cgfence-run-");
}

Test(cgroup_namespace, what_no_mount_shows_has_its_id)
{
	struct program_result result;
	char cell[64];

	harness_attach(inner, DEVICES);
	harness_attach(outer, DEVICES);
	harness_open(outer, "c 1:3", O_WRONLY);
	harness_open(inner, "c 1:3", O_WRONLY);
	snprintf(cell, sizeof(cell), "\nid:%llu\t", (unsigned long long)cgfence_cgroup_id(outer));
	result = run_in_pod(NOTHING, "$c list", "");
	assert_done(result);
	assert_has(result.output, cell);
	assert_has(result.output, "\n/inner\t");
	result = run_in_pod(NOTHING, "$c denials", "");
	assert_done(result);
	snprintf(cell, sizeof(cell), "\tid:%llu\n", (unsigned long long)cgfence_cgroup_id(outer));
	assert_has(result.output, cell);
	assert_has(result.output, "\t/inner\n");
	result = run_in_pod(NOTHING, "$c denials --json", "");
	assert_done(result);
	assert_has(result.output, "\"cgroup\": null");
	snprintf(cell, sizeof(cell), "id:%llu", (unsigned long long)cgfence_cgroup_id(outer));
	result = run_in_pod(NOTHING, "$c detach \"$1\"", cell);
	assert_done(result);
	cr_expect_eq(harness_hook_programs(outer), 0);
	cr_expect_eq(harness_hook_programs(inner), 1);
}

Test(cgroup_namespace, names_are_those_of_the_namespace_without_a_mount_of_the_host)
{
	struct program_result result =
		run_in_pod(NOTHING, "$c attach pid:self && $c attach inner", "");

	assert_done(result);
	cr_expect_str_eq(result.output, "Fenced /.\nFenced /inner.\n");
	cr_expect_str_eq(path_in_pod(inner), "/inner");
}

Test(cgroup_namespace, a_pass_covers_the_fences_that_are_not_shown)
{
	struct program_result result;
	struct holder in_inner;
	struct holder in_outer;
	char text[64];

	cr_assert_eq(namespaces_enter_net(), 0);
	harness_attach(inner, "{'ports': []}");
	harness_attach(outer, "{'ports': []}");
	holder_start_excess(&in_inner, inner);
	holder_start_excess(&in_outer, outer);
	result = run_in_pod(NOTHING, "$c reconcile --json", "");
	assert_status(result, 3);
	cr_expect_str_eq(result.errors, "");
	assert_has(result.output, "\"cgroup\":\"/inner\"");
	assert_has(result.output, "\"cgroup\":null");
	result = run_in_pod(NOTHING, "$c reconcile", "");
	assert_status(result, 3);
	snprintf(text, sizeof(text), "\nid:%llu\t", (unsigned long long)cgfence_cgroup_id(outer));
	assert_has(result.output, text);
	assert_has(result.output, "\n/inner\t");
	/* The member is not gone either. */
	snprintf(text, sizeof(text), "\tid:%llu\t", (unsigned long long)cgfence_cgroup_id(outer));
	assert_has(result.output, text);
	result = run_in_pod(ALL, "$c reconcile", "");
	assert_status(result, 3);
	assert_has(result.output, cgfence_cgroup_path(outer));
	holder_stop(&in_inner);
	holder_stop(&in_outer);
}

/* No mount shows the fence, and cgfence is in it. */
Test(cgroup_namespace, a_pass_does_not_kill_itself)
{
	struct cgfence_cgroup *above = harness_child_cgroup(harness_cgroup(), "above");
	struct program_result result;
	struct holder holder;

	cr_assert_eq(namespaces_enter_net(), 0);
	pod = harness_child_cgroup(above, "pod");
	harness_attach(above, "{'ports': [], 'on_violation': 'kill'}");
	holder_start_excess(&holder, harness_child_cgroup(above, "beside"));
	result = run_in_pod(NOTHING, "$c reconcile", "");
	assert_status(result, 3);
	assert_has(result.output, "closed");
	assert_has(result.errors, "would kill cgfence too");
	cr_expect_not(holder_is_reachable(&holder));
	holder_stop(&holder);
}

/* Where nothing shows the root, paths do not tell how deep a member is in the hierarchy, and it would be missed. */
Test(cgroup_namespace, a_standing_fence_needs_the_mount_of_the_host)
{
	const char *policy = program_file("policy.json", DEVICES);
	struct program_result result =
		run_in_pod(NOTHING, "$c attach --standing 'inner/job-*' \"$1\"", policy);
	char script[512];

	assert_status(result, 1);
	assert_has(result.errors, "cgroup namespace");
	snprintf(script, sizeof(script), "$c attach --standing '%s/job-*' \"$1\"",
		 cgfence_cgroup_path(inner));
	result = run_in_pod(ALL, script, policy);
	assert_status(result, 0);
	cr_expect_eq(harness_open(harness_child_cgroup(inner, "job-1"), "c 1:5", O_RDONLY), EPERM);
	snprintf(script, sizeof(script), "$c detach '%s/job-*'", cgfence_cgroup_path(inner));
	assert_status(run_in_pod(ALL, script, ""), 0);
}
