// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fields.h"
#include "program.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

TestSuite(denials, .init = harness_begin, .fini = harness_end);

/* More than the 256 that a fence remembers. */
#define MANY_DENIALS 600

static struct program_result denials_json(void)
{
	struct program_result result = program_run(
		NULL, WORDS("denials", cgfence_cgroup_path(harness_cgroup()), "--json"));

	assert_status(result, 0);
	return result;
}

/* The only denial, to be given to json_decref(). */
static json_t *read_one(void)
{
	struct program_result result = denials_json();
	json_t *list = program_json(&result);
	json_t *element = json_incref(json_array_get(list, 0));

	cr_assert_eq(json_array_size(list), 1, "'%s'", result.output);
	json_decref(list);
	return element;
}

static int open_with_comm(void *argument)
{
	prctl(PR_SET_NAME, argument);
	return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
}

static int make_many(void *argument)
{
	const char *path = argument;

	for (unsigned int i = 0; i < MANY_DENIALS; i++) {
		if (mknod(path, S_IFBLK | 0600, makedev(259, i)) == 0 || errno != EPERM)
			return 1;
	}
	return 0;
}

Test(denials, json_has_the_shape_of_the_specification)
{
	time_t before = time(NULL);
	json_t *denial;
	json_t *device;

	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:11", O_WRONLY), EPERM);
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:11", O_WRONLY), EPERM);
	denial = read_one();
	cr_assert_eq(json_object_size(denial), 9);
	cr_assert_str_eq(text_of(denial, "cgroup"), cgfence_cgroup_path(harness_cgroup()));
	cr_assert_str_eq(text_of(denial, "hook"), "device");
	cr_assert_str_eq(text_of(denial, "verdict"), "denied");
	cr_assert_gt(number_of(denial, "pid"), 0);
	cr_assert_gt(strlen(text_of(denial, "comm")), 0);
	cr_assert_eq(number_of(denial, "count"), 2);
	cr_assert_geq(parse_time(text_of(denial, "first")), before - 1);
	cr_assert_geq(parse_time(text_of(denial, "last")), parse_time(text_of(denial, "first")));
	cr_assert_leq(parse_time(text_of(denial, "last")), time(NULL) + 1);
	device = json_object_get(denial, "device");
	cr_assert_eq(json_object_size(device), 4);
	cr_assert_str_eq(text_of(device, "type"), "c");
	cr_assert_eq(number_of(device, "major"), 1);
	cr_assert_eq(number_of(device, "minor"), 11);
	cr_assert_str_eq(text_of(device, "access"), "w");
	json_decref(denial);
}

Test(denials, two_readers_both_see_them_all)
{
	struct program_result first;
	struct program_result second;
	json_t *one;
	json_t *other;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	cr_assert_eq(harness_open(harness_cgroup(), "b 7:0", O_RDONLY), EPERM);
	first = denials_json();
	second = denials_json();
	one = program_json(&first);
	other = program_json(&second);
	cr_assert_eq(json_array_size(one), 2);
	cr_assert_eq(json_array_size(other), 2);
	json_decref(one);
	json_decref(other);
}

Test(denials, an_audit_is_marked)
{
	json_t *denial;

	harness_attach(harness_cgroup(), "{'enforce': false, 'devices': {}}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDWR), 0);
	denial = read_one();
	cr_assert_str_eq(text_of(denial, "verdict"), "audited");
	cr_assert_str_eq(text_of(json_object_get(denial, "device"), "access"), "rw");
	json_decref(denial);
}

Test(denials, none)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	result = denials_json();
	cr_assert_str_eq(result.output, "[]\n");
}

Test(denials, no_fence_at_all)
{
	struct program_result result = program_run(NULL, WORDS("denials"));

	assert_done(result);
	cr_assert_str_eq(result.output,
			 "LAST\tCOUNT\tVERDICT\tHOOK\tWHAT\tPID\tCOMM\tFIRST\tCGROUP\n");
}

Test(denials, of_all_fences)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 r']}}");
	harness_attach(child, "{'devices': {'allow': ['c 1:5 r']}}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), EPERM);
	cr_assert_eq(harness_open(child, "c 1:3", O_RDONLY), EPERM);
	result = program_run(NULL, WORDS("denials"));
	assert_done(result);
	assert_has(result.output, "\tdenied\tdevice\tc 1:5 r\t");
	assert_has(result.output, "\tdenied\tdevice\tc 1:3 r\t");
}

Test(denials, survive_a_new_policy)
{
	harness_attach(harness_cgroup(), "{'devices': {}}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}}");
	json_decref(read_one());
}

Test(denials, a_comm_cannot_steer_the_terminal)
{
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), open_with_comm, "a\tb\033[2J"), EPERM);
	result = program_run(NULL, WORDS("denials", cgfence_cgroup_path(harness_cgroup())));
	assert_done(result);
	assert_has(result.output, "\ta\\x09b\\x1b[2J\t");
}

Test(denials, a_comm_may_be_any_bytes)
{
	json_t *denial;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), open_with_comm, "odd\xff"), EPERM);
	denial = read_one();
	cr_assert_str_eq(text_of(denial, "comm"), "odd?");
	json_decref(denial);
}

Test(denials, says_when_old_ones_made_room)
{
	struct program_result result;
	size_t lines = 0;
	char path[256];

	snprintf(path, sizeof(path), "%s/made", harness_directory());
	harness_attach(harness_cgroup(), "{'devices': {}}");
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), make_many, path), 0);
	result = program_run(NULL, WORDS("denials", cgfence_cgroup_path(harness_cgroup())));
	assert_status(result, 0);
	assert_has(result.errors, "made room for newer ones");
	for (const char *at = result.output; (at = strchr(at, '\n')); at++)
		lines++;
	/* The headings, and the records of a fence. */
	cr_assert_leq(lines, 1 + 256);
	/* By its seed a fence may leave a few of them unused. */
	cr_assert_gt(lines, 1 + 120);
}

Test(denials, a_cgroup_without_a_fence)
{
	struct program_result result =
		program_run(NULL, WORDS("denials", cgfence_cgroup_path(harness_cgroup())));

	assert_status(result, 1);
	assert_has(result.errors, "has no fence of its own");
}

Test(denials, text_on_a_terminal_is_aligned)
{
	const struct program_options options = { .terminal = true };
	struct program_result result;
	const char *second_line;
	const char *column;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	result = program_run(&options, WORDS("denials"));
	assert_status(result, 0);
	assert_lacks(result.output, "\t");
	second_line = strchr(result.output, '\n');
	column = strstr(result.output, "WHAT");
	cr_assert(second_line && column);
	cr_assert_eq(strncmp(second_line + 1 + (column - result.output), "c 1:3 r", 7), 0, "'%s'",
		     result.output);
}
