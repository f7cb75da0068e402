// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Commands about standing fences, by their patterns and their members. */
#include "program.h"
#include "support/harness.h"

#include <cgfence/standing.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(standing, .init = harness_begin, .fini = harness_end);

static char pattern[256];

static void attach(const char *name, const char *json)
{
	struct cgfence_policy *policy = harness_policy(json);
	enum cgfence_attach_result result;
	struct cgfence_error error = { 0 };

	snprintf(pattern, sizeof(pattern), "%s/%s", cgfence_cgroup_path(harness_cgroup()), name);
	cr_assert_eq(cgfence_standing_attach(pattern, policy, 0, &result, &error), 0, "%s",
		     error.text);
	cgfence_policy_free(policy);
}

static void detach(void)
{
	struct program_result result = program_run(NULL, WORDS("detach", pattern));

	assert_done(result);
	assert_has(result.output, "Detached the standing fence");
}

#define NULL_ONLY "{'name': 'jobs', 'devices': {'allow': ['c 1:3 rw']}}"

Test(standing, attach_takes_a_pattern_and_detach_takes_it_back)
{
	struct program_result result;
	char text[320];

	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	snprintf(text, sizeof(text), "Fenced %s.\n", pattern);
	result = program_run(
		&(struct program_options){ .input = "{\"devices\": {\"allow\": [\"c 1:3 rw\"]}}" },
		WORDS("attach", pattern, "-"));
	assert_done(result);
	cr_expect_str_eq(result.output, text);
	cr_expect_neq(harness_open(harness_child_cgroup(harness_cgroup(), "job-1"), "c 1:5",
				   O_RDONLY),
		      0);
	result = program_run(NULL, WORDS("attach", pattern));
	assert_status(result, 1);
	assert_has(result.errors, "has a fence already");
	detach();
	result = program_run(NULL, WORDS("detach", pattern));
	assert_done(result);
	assert_has(result.output, "There is no standing fence");
}

Test(standing, status_has_one_row_for_the_fence_and_one_for_a_member_that_is_asked_for)
{
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "job-1");
	struct program_result result;
	char row[512];

	harness_child_cgroup(harness_cgroup(), "job-2");
	attach("job-*", NULL_ONLY);
	harness_open(member, "c 1:5", O_RDONLY);
	snprintf(row, sizeof(row), "\n%s\tjobs\tenforce\tdevice\tnone\t1\t0\t1\t-\t-\t2\n",
		 pattern);
	result = program_run(NULL, WORDS("status"));
	assert_done(result);
	assert_has(result.output, row);
	snprintf(row, sizeof(row), "\n%s\tjobs\tenforce\tdevice\tnone\t1\t0\t1\t-\t-\t-\n",
		 cgfence_cgroup_path(member));
	result = program_run(NULL, WORDS("status", cgfence_cgroup_path(member)));
	assert_done(result);
	assert_has(result.output, row);
	result = program_run(NULL, WORDS("status", "--json", pattern));
	assert_done(result);
	assert_has(result.output, "\"members\": 2");
	assert_has(result.output, "\"anchor\": \"");
	detach();
}

Test(standing, commands_about_a_member_name_the_pattern_that_has_it)
{
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "job-1");
	const char *path = cgfence_cgroup_path(member);
	struct program_result result;

	attach("job-*", NULL_ONLY);
	result = program_run(NULL, WORDS("show", path));
	assert_status(result, 1);
	assert_has(result.errors, pattern);
	result = program_run(NULL, WORDS("allow", path, "device", "c 1:5 r"));
	assert_status(result, 1);
	assert_has(result.errors, pattern);
	result = program_run(NULL, WORDS("explain", path, "device", "c 1:5 r"));
	assert_status(result, 3);
	assert_has(result.output, pattern);
	result = program_run(NULL, WORDS("allow", pattern, "device", "c 1:5 r"));
	assert_done(result);
	cr_expect_eq(harness_open(member, "c 1:5", O_RDONLY), 0);
	result = program_run(NULL, WORDS("show", pattern));
	assert_done(result);
	assert_has(result.output, "c 1:5 r");
	detach();
}

Test(standing, denials_name_the_member_also_when_it_is_gone)
{
	struct cgfence_cgroup *member = NULL;
	struct program_result result;
	struct cgfence_error error = { 0 };
	char path[300];

	attach("job-*", NULL_ONLY);
	cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), "job-1", &member, &error), 0);
	snprintf(path, sizeof(path), "%s\n", cgfence_cgroup_path(member));
	harness_open(member, "c 1:5", O_RDONLY);
	cr_assert_eq(cgfence_cgroup_remove(member, &error), 0);
	cgfence_cgroup_close(member);
	result = program_run(NULL, WORDS("denials", pattern));
	assert_done(result);
	assert_has(result.output, path);
	detach();
}

static void make_slice(void)
{
	cr_assert_eq(mkdirat(cgfence_cgroup_fd(harness_cgroup()), "slice", 0755), 0);
}

static void remove_slice(void)
{
	cr_assert_eq(unlinkat(cgfence_cgroup_fd(harness_cgroup()), "slice", AT_REMOVEDIR), 0);
}

/* As every command does, status attaches the fence to another anchor, and says which. */
Test(standing, a_removed_anchor_has_a_successor_that_status_shows)
{
	struct program_result result;
	char text[320];

	make_slice();
	attach("slice/job-*", NULL_ONLY);
	remove_slice();
	result = program_run(NULL, WORDS("status", "--json"));
	assert_done(result);
	snprintf(text, sizeof(text), "\"anchor\": \"%s\"", cgfence_cgroup_path(harness_cgroup()));
	assert_has(result.output, text);
	assert_has(result.output, pattern);
	detach();
}

Test(standing, detach_takes_the_pattern_of_a_fence_without_an_anchor)
{
	make_slice();
	attach("slice/job-*", NULL_ONLY);
	remove_slice();
	detach();
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 0);
}

/* A fence for a name that no cgroup can have would be for nothing. */
Test(standing, a_name_that_no_cgroup_can_have_is_refused)
{
	static const struct {
		const char *name;
		int status;
		const char *reason;
	} cases[] = {
		{ "pid:self", 2, "stands for one cgroup" },
		{ "id:7", 2, "stands for one cgroup" },
		{ "*", 1, "--force" },
		{ "/*/*", 1, "--force" },
		{ "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", 2, "more than 16" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_fails(program_run(NULL, WORDS("attach", "--standing", cases[i].name)),
			     cases[i].status, cases[i].reason);
		assert_fails(program_run(NULL,
					 WORDS("attach", "--standing", "--dry-run", cases[i].name)),
			     cases[i].status, cases[i].reason);
	}
	assert_has(program_run(NULL, WORDS("attach", "--dry-run", "--force", "*")).output,
		   "This would fence *");
}

/* As on a hybrid host, where /sys/fs/cgroup has file systems of both kinds below it. */
static struct program_result attach_on_hybrid(const char *option, const char *name)
{
	static const char script[] =
		"umount -R -l /sys/fs/cgroup 2>/dev/null; mount -t tmpfs none /sys/fs/cgroup &&"
		" mkdir /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified &&"
		" exec \"$0\" attach \"$1\" \"$2\"";

	return program_run(&(struct program_options){ .by_words = true },
			   WORDS("unshare", "--mount", "sh", "-c", script, program_path(), option,
				 name));
}

Test(standing, a_pattern_elsewhere_below_the_mounts_of_cgroups_is_refused)
{
	static const char *const names[] = { "/sys/fs/cgroup/web-*", "/sys/fs/cgroup/pids/web" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_fails(attach_on_hybrid("--standing", names[i]), 1,
			     "below no mount of cgroup2; cgroup2 is mounted at /");
	assert_fails(attach_on_hybrid("--dry-run", "/sys/fs/cgroup/none"), 1,
		     "below no mount of cgroup2");
	assert_done(attach_on_hybrid("--dry-run", "/sys/fs/cgroup/unified/cgfence-test-none-*"));
	assert_done(attach_on_hybrid("--dry-run", "/cgfence-test-none-*"));
}

Test(standing, exceptions_are_for_patterns)
{
	struct program_result result = program_run(
		&(struct program_options){ .input = "{\"except\": [\"a*\"], \"devices\": {}}" },
		WORDS("attach", cgfence_cgroup_path(harness_cgroup()), "-"));

	assert_status(result, 2);
	assert_has(result.errors, "except");
}

/* Whoever may make cgroups there may take a pattern's name, and the others would stay without a fence, unnoticed. */
Test(standing, a_cgroup_that_is_called_as_the_pattern_is_told_of)
{
	struct program_result result;

	harness_child_cgroup(harness_cgroup(), "job-*");
	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	result = program_run(NULL, WORDS("attach", pattern));
	assert_status(result, 0);
	assert_has(result.errors, "that very name");
	assert_has(result.errors, "--standing");
	assert_done(program_run(NULL, WORDS("attach", "--standing", pattern)));
	assert_done(program_run(NULL, WORDS("detach", pattern)));
	assert_done(program_run(NULL, WORDS("detach", "--standing", pattern)));
}
