// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Commands about a standing fence in the place of its members' programs that are killed at calls that may change what
 * outlives them: theirs, ours or both judge, and the next command ends with one of the two.
 */
#include "runner.h"
#include "support/harness.h"
#include "support/whitelist.h"

#include <cgfence/standing.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(faults_standing_adopt, .init = harness_begin, .fini = harness_end, .timeout = 3600);

#define DEVICES "\"devices\": {\"allow\": [\"a *:* m\", \"c 1:3 rw\", \"c 1:5 r\", \"c 136:* rw\"]}"

/* One in so many calls, unless all are wanted: each round has to ask about the programs. */
#define STEP 7

static char pattern[256];
static char adopting[RUNNER_PATH_SIZE];
static char without_one[RUNNER_PATH_SIZE];
static struct cgfence_cgroup *members[2];
static struct whitelist programs[2];

static void set_up(void)
{
	runner_write_policy(adopting, "adopting.json", "{\"adopt\": true, " DEVICES "}");
	runner_write_policy(without_one, "without-one.json",
			    "{\"adopt\": true, \"except\": [\"job-1\"], " DEVICES "}");
	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	for (int i = 0; i < 2; i++) {
		char name[16];

		snprintf(name, sizeof(name), "job-%d", i + 1);
		members[i] = harness_child_cgroup(harness_cgroup(), name);
		programs[i] = whitelist_put(members[i]);
	}
}

static void run(const char *command, const char *path)
{
	static struct tracer_result result;
	const struct tracer_options options = runner_options();

	runner_run((const char *const[]){ command, pattern, path, NULL }, &options, &result);
	cr_assert_eq(result.status, 0, "%s", result.errors);
}

/* All say the same. */
static void check(const char *fault)
{
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(harness_open(members[i], "c 1:5", O_RDONLY), 0, "%s: %d", fault, i);
		cr_expect_neq(harness_open(members[i], "c 1:7", O_RDONLY), 0, "%s: %d", fault, i);
	}
}

static void expect_theirs(int member, uint32_t count)
{
	struct whitelist_programs found = whitelist_query(members[member]);

	cr_expect_eq(found.count, count, "%d: %u programs", member, found.count);
	if (count)
		cr_expect_eq(found.ids[0], programs[member].id);
}

static bool wants_all(void)
{
	const char *wanted = getenv("CGFENCE_FAULTS");

	return wanted && strcmp(wanted, "all") == 0;
}

/* @ending: how many programs the first member has once the command was given again */
static void strike(const char *const *words, const char *from, uint32_t ending)
{
	static struct tracer_result result;
	struct tracer_options options = runner_options();
	unsigned int faults = 0;

	set_up();
	options.scope = TRACER_CHANGES;
	options.fault = TRACER_KILL;
	do {
		if (from)
			run("attach", from);
		runner_run(words, &options, &result);
		faults += result.struck;
		check(result.call);
		options.index += wants_all() ? 1 : STEP;
		run(words[0], words[2]);
		check("again");
		expect_theirs(0, ending);
		if (strcmp(words[0], "detach") != 0)
			run("detach", NULL);
		expect_theirs(0, 1);
		expect_theirs(1, 1);
		check("at the end");
	} while (result.struck);
	cr_expect_gt(faults, 2);
	whitelist_close(&programs[0]);
	whitelist_close(&programs[1]);
}

Test(faults_standing_adopt, attach_killed)
{
	strike((const char *const[]){ "attach", pattern, adopting, NULL }, NULL, 0);
}

Test(faults_standing_adopt, an_exception_killed)
{
	strike((const char *const[]){ "attach", pattern, without_one, NULL }, adopting, 1);
}

Test(faults_standing_adopt, detach_killed)
{
	strike((const char *const[]){ "detach", pattern, NULL, NULL }, adopting, 1);
}
