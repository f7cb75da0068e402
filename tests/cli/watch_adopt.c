// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The watch takes the place of programs that come back, as systemd and container runtimes attach them. */
#include "support/harness.h"
#include "support/sockets.h"
#include "support/whitelist.h"
#include "watching.h"

#include <cgfence/adopt.h>
#include <cgfence/standing.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* With a network of its own, and so a name for notices. */
TestSuite(watch_adopt, .init = sockets_begin, .fini = harness_end, .timeout = 600);

#define ADOPTING \
	"{'adopt': true, 'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r', 'c 136:* rw']}}"
#define WIDER "{'adopt': true, 'devices': {'defaults': true}}"

static void await_programs(const struct cgfence_cgroup *cgroup, uint32_t count)
{
	time_t deadline = time(NULL) + 60;

	while (whitelist_query(cgroup).count != count) {
		cr_assert_leq(time(NULL), deadline, "%u programs", whitelist_query(cgroup).count);
		poll(NULL, 0, 1);
	}
}

static void allow(const struct cgfence_cgroup *cgroup)
{
	assert_done(program_run(NULL,
				WORDS("allow", cgfence_cgroup_path(cgroup), "device", "c 1:7 rw")));
}

static void expect_attached(struct watching *watching, const char *cgroup, const char *member,
			    const struct whitelist *whitelist)
{
	json_t *event = watching_event(watching, "attached");
	const json_t *program = json_object_get(event, "program");
	const json_t *told = json_object_get(event, "member");

	cr_expect_str_eq(text_of(event, "cgroup"), cgroup);
	cr_expect(member ? json_is_string(told) && strcmp(json_string_value(told), member) == 0
			 : json_is_null(told));
	cr_expect_eq(number_of(program, "id"), whitelist->id);
	cr_expect_str_eq(text_of(program, "name"), "whitelist");
	cr_expect_str_eq(text_of(program, "hook"), "device");
	cr_expect_str_eq(text_of(program, "cgroup"), cgfence_cgroup_path(whitelist->cgroup));
	json_decref(event);
}

static void expect_place(struct watching *watching, const char *name, const char *cgroup)
{
	json_t *event = watching_event(watching, name);

	cr_expect_str_eq(text_of(event, "cgroup"), cgroup);
	cr_expect_eq(number_of(event, "count"), 1);
	json_decref(event);
}

Test(watch_adopt, one_that_comes_back_is_taken_again_and_given_back)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct whitelist first = whitelist_put(harness_cgroup());
	struct whitelist later;
	struct watching watching;

	harness_attach(harness_cgroup(), ADOPTING);
	allow(harness_cgroup());
	watching_start(&watching, LONG_INTERVAL);
	for (int i = 0; i < 3; i++) {
		later = whitelist_put(harness_cgroup());
		await_programs(harness_cgroup(), 1);
		expect_attached(&watching, path, NULL, &later);
		expect_place(&watching, "adopted", path);
		cr_expect_eq(harness_open(harness_cgroup(), "c 1:7", O_RDWR), 0);
		whitelist_close(&later);
	}
	watching_stop(&watching);
	assert_lacks(watching.program.result.output, "\"left\"");
	assert_done(program_run(NULL, WORDS("release", path)));
	cr_expect_eq(whitelist_query(harness_cgroup()).count, 1);
	cr_expect_eq(whitelist_query(harness_cgroup()).ids[0], later.id);
	whitelist_close(&first);
}

static void expect_line(struct watching *watching, const char *event, const char *format, ...)
{
	char expected[512];
	const char *line;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	line = program_next_line(&watching->program, event);
	cr_expect_not_null(strstr(line, expected), "'%s' lacks '%s'", line, expected);
}

Test(watch_adopt, text_says_who_attached_it)
{
	struct cgfence_cgroup *unit = harness_child_cgroup(harness_cgroup(), "web.service");
	const char *path = cgfence_cgroup_path(unit);
	struct watching watching;
	struct whitelist whitelist;

	harness_attach(unit, ADOPTING);
	watching_start_with(&watching, NULL, WORDS("watch", "--interval", LONG_INTERVAL));
	whitelist = whitelist_put(unit);
	expect_line(&watching, "  attached ",
		    "  attached   %s  program %u 'whitelist' on %s, of the unit web.service", path,
		    whitelist.id, path);
	expect_line(&watching, "  adopted ", "  adopted    %s  took the place of 1 program on %s",
		    path, path);
	watching_stop(&watching);
	whitelist_close(&whitelist);
}

/* Below the fence root, where crun has one, its owner may attach what forbids others. */
Test(watch_adopt, what_cannot_be_taken_is_told_once_and_judges_beside)
{
	struct cgfence_cgroup *container = harness_child_cgroup(harness_cgroup(), "container");
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct whitelist whitelist = whitelist_load(whitelist_usual, 5);
	struct watching watching;
	json_t *event;

	harness_attach(harness_cgroup(), ADOPTING);
	watching_start(&watching, LONG_INTERVAL);
	whitelist_attach(&whitelist, container, BPF_F_ALLOW_OVERRIDE);
	expect_attached(&watching, path, NULL, &whitelist);
	event = watching_event(&watching, "left");
	cr_expect_str_eq(text_of(event, "cgroup"), path);
	cr_expect_not_null(strstr(text_of(event, "reason"), "without BPF_F_ALLOW_MULTI"));
	json_decref(event);
	watching_round(&watching);
	watching_round(&watching);
	watching_stop(&watching);
	assert_lacks(watching.program.result.output + watching.program.seen, "left");
	cr_expect_eq(whitelist_query(container).ids[0], whitelist.id);
	whitelist_close(&whitelist);
}

Test(watch_adopt, without_adopt_it_leaves_programs_alone)
{
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "job-1");
	struct cgfence_policy *policy = harness_policy("{'devices': {'allow': ['c 1:3 rw']}}");
	struct whitelist programs[] = { whitelist_put(harness_cgroup()), whitelist_put(member) };
	struct watching watching;
	enum cgfence_attach_result result;
	char pattern[256];

	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 rw']}}");
	cr_assert_eq(cgfence_standing_attach(pattern, policy, 0, &result, NULL), 0);
	cgfence_policy_free(policy);
	watching_start(&watching, LONG_INTERVAL);
	watching_round(&watching);
	watching_stop(&watching);
	assert_lacks(watching.program.result.output, "attached");
	assert_lacks(watching.program.result.output, "adopted");
	cr_expect_eq(whitelist_query(member).ids[0], programs[1].id);
	cr_expect_eq(whitelist_query(member).count, 1);
	/* Those of both fences are there, too. */
	cr_expect_eq(whitelist_query(harness_cgroup()).count, 3);
	assert_done(program_run(NULL, WORDS("detach", pattern)));
	whitelist_close(&programs[0]);
	whitelist_close(&programs[1]);
}

/* As a container that is started again and again under a standing fence. */
Test(watch_adopt, the_next_member_of_a_standing_fence_is_taken_too)
{
	const char *policy = program_file("policy.json", ADOPTING);
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "job-1");
	struct whitelist whitelist = whitelist_put(member);
	struct watching watching;
	struct program_result result;
	char pattern[256];
	char expected[512];

	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	assert_done(program_run(NULL, WORDS("attach", pattern, policy)));
	cr_expect_eq(whitelist_query(member).count, 0);
	assert_done(program_run(NULL, WORDS("allow", pattern, "device", "c 1:7 rw")));
	watching_start(&watching, LONG_INTERVAL);
	for (int i = 0; i < 3; i++) {
		whitelist_close(&whitelist);
		cr_assert_eq(cgfence_cgroup_remove(member, NULL), 0);
		member = harness_child_cgroup(harness_cgroup(), "job-1");
		whitelist = whitelist_put(member);
		expect_attached(&watching, pattern, cgfence_cgroup_path(member), &whitelist);
		expect_place(&watching, "adopted", pattern);
		cr_expect_eq(whitelist_query(member).count, 0);
		cr_expect_eq(harness_open(member, "c 1:7", O_RDWR), 0);
	}
	watching_stop(&watching);
	result = program_run(NULL, WORDS("release", pattern));
	assert_done(result);
	snprintf(expected, sizeof(expected),
		 "Gave 1 program back and detached the standing fence of %s.\n", pattern);
	cr_expect_str_eq(result.output, expected, "'%s'", result.output);
	cr_expect_eq(whitelist_query(member).ids[0], whitelist.id);
	cr_expect_eq(harness_open(member, "c 1:7", O_RDWR), EPERM);
	whitelist_close(&whitelist);
}
