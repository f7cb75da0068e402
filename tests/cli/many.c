// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is printed of a fence with more excess listeners than are spelled out. */
#include "fields.h"
#include "holder.h"
#include "program.h"
#include "watching.h"

#include <string.h>
#include <unistd.h>

TestSuite(many, .init = sockets_begin, .fini = harness_end);

#define LOG "{'ports': [1]}"
#define SPELLED 100
#define MANY 150

static void start_many(struct holder *holder)
{
	const struct holder_options options = {
		.cgroup = sockets_fence(),
		.endpoint = "tcp 127.0.0.1 7000",
		.moved_in = true,
		.more = MANY - 1,
	};

	holder_start(holder, &options);
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

static const char *last_line(const struct program_result *result)
{
	const char *end = result->output + strlen(result->output) - 1;

	while (end > result->output && end[-1] != '\n')
		end--;
	return end;
}

/* {"count": 50, "actions": {"logged": 50}}, and the fence. */
static void expect_rest(const json_t *event)
{
	expect_keys(event, "event time cgroup count actions");
	cr_expect_str_eq(text_of(event, "cgroup"), cgfence_cgroup_path(sockets_fence()));
	cr_expect_eq(number_of(event, "count"), MANY - SPELLED);
	cr_expect_eq(number_of(json_object_get(event, "actions"), "logged"), MANY - SPELLED);
}

Test(many, reconcile_counts_the_rest_in_a_line)
{
	struct program_result result;
	struct holder holder;
	json_t *rest;

	harness_attach(sockets_fence(), LOG);
	start_many(&holder);
	result = program_run(NULL, WORDS("reconcile", "--json"));
	assert_status(result, 3);
	cr_expect_eq(count_lines(result.output), SPELLED + 1);
	rest = parse_object(last_line(&result));
	cr_expect_str_eq(text_of(rest, "event"), "violations");
	expect_rest(rest);
	json_decref(rest);
	result = program_run(NULL, WORDS("reconcile"));
	assert_status(result, 3);
	assert_has(last_line(&result), "\t50 more\t-\t-\t50 logged\t");
	cr_expect_eq(count_lines(result.output), 1 + SPELLED + 1, "with the headings");
	holder_stop(&holder);
}

Test(many, a_reader_that_goes_away_spares_no_listener)
{
	struct program program;
	struct holder holder;

	harness_attach(sockets_fence(), "{'ports': [1], 'on_violation': 'close'}");
	start_many(&holder);
	program_start(&program, NULL, WORDS("reconcile", "--json"));
	close(program.output);
	program.output = -1;
	program_finish(&program);
	assert_status(program.result, 1);
	assert_has(program.result.errors, "cannot write to standard output: Broken pipe");
	assert_status(program_run(NULL, WORDS("reconcile")), 0);
	holder_stop(&holder);
}

Test(many, attach_counts_the_rest_in_a_line)
{
	const char *path = cgfence_cgroup_path(sockets_fence());
	struct program_result result;
	struct holder holder;

	start_many(&holder);
	result = program_run(NULL, WORDS("attach", "--tcp", "1", path, "--default"));
	assert_status(result, 0);
	cr_expect_eq(count_lines(result.errors), SPELLED + 1, "%s", result.errors);
	assert_has(result.errors, "cgfence: 50 more listeners in ");
	holder_stop(&holder);
}

Test(many, watch_counts_the_rest_and_their_ends_in_a_line)
{
	struct watching watching;
	struct holder holder;
	json_t *event;

	harness_attach(sockets_fence(), LOG);
	start_many(&holder);
	watching_start(&watching, "1h");
	event = watching_event(&watching, "violations");
	expect_rest(event);
	json_decref(event);
	holder_stop(&holder);
	watching_round(&watching);
	event = watching_event(&watching, "violations_ended");
	expect_rest(event);
	json_decref(event);
	watching_stop(&watching);
}
