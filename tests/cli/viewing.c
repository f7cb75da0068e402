// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "viewing.h"

#include "support/harness.h"

#include <cgfence/standing.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

struct viewing viewing;
struct vt viewing_screen;

void viewing_start_as(const char *const *environment, unsigned short rows, unsigned short columns,
		      const char *const *options)
{
	const struct program_options how = {
		.terminal = true, .rows = rows, .columns = columns, .by_words = true
	};
	const char *words[32] = { "env" };
	size_t count = 1;

	while (*environment)
		words[count++] = *environment++;
	words[count++] = program_path();
	words[count++] = "top";
	words[count++] = "--interval=100ms";
	while (*options)
		words[count++] = *options++;
	viewing.rows = rows;
	viewing.columns = columns;
	viewing.skipped = 0;
	program_start(&viewing.program, &how, words);
}

void viewing_start(const char *const *options)
{
	viewing_start_as(WORDS("TERM=xterm", "LC_ALL=C.UTF-8"), 24, 80, options);
}

void viewing_look(const struct program *program)
{
	vt_show(&viewing_screen, viewing.rows, viewing.columns,
		program->result.output + viewing.skipped);
}

static bool shows(const struct program *program, const char *text)
{
	viewing_look(program);
	return vt_find(&viewing_screen, text) < viewing_screen.rows;
}

static bool shows_no(const struct program *program, const char *text)
{
	viewing_look(program);
	return vt_find(&viewing_screen, text) == viewing_screen.rows;
}

static bool never(const struct program *program, const char *text)
{
	(void)program;
	(void)text;
	return false;
}

static void viewing_print_screen(void)
{
	for (size_t row = 0; row < viewing_screen.rows; row++)
		fprintf(stderr, "|%s\n", vt_line(&viewing_screen, row));
}

void viewing_expect(const char *text)
{
	program_await(&viewing.program, shows, text);
	if (!shows(&viewing.program, text)) {
		viewing_print_screen();
		cr_assert_fail("'%s' does not come to the screen", text);
	}
}

void viewing_expect_gone(const char *text)
{
	program_await(&viewing.program, shows_no, text);
	if (!shows_no(&viewing.program, text)) {
		viewing_print_screen();
		cr_assert_fail("'%s' stays on the screen", text);
	}
}

void viewing_type(const char *keys)
{
	program_type(&viewing.program, keys);
}

void viewing_expect_end(const struct termios *before)
{
	struct termios after;

	program_await(&viewing.program, never, "");
	cr_assert_eq(tcgetattr(viewing.program.input, &after), 0);
	cr_expect_eq(after.c_lflag, before->c_lflag);
	cr_expect_eq(after.c_iflag, before->c_iflag);
	cr_expect_eq(after.c_oflag, before->c_oflag);
	viewing_look(&viewing.program);
	cr_expect_not(viewing_screen.is_alternate);
	cr_expect_not(viewing_screen.hides_cursor);
	program_finish(&viewing.program);
	assert_status(viewing.program.result, 0);
	assert_lacks(viewing.program.result.output, "Sanitizer");
}

void viewing_quit(void)
{
	viewing_type("q");
	program_finish(&viewing.program);
	assert_status(viewing.program.result, 0);
	assert_lacks(viewing.program.result.output, "Sanitizer");
}

void viewing_refuse(const struct cgfence_cgroup *cgroup, unsigned int times)
{
	while (times--)
		cr_assert_eq(harness_open(cgroup, "c 1:5", O_RDONLY), EPERM);
}

/* The row that has both texts, however they come. */
static bool shows_row(const struct program *program, const char *text)
{
	const char *part = text + strlen(text) + 1;
	size_t row;

	viewing_look(program);
	row = vt_find(&viewing_screen, text);
	return row < viewing_screen.rows && strstr(vt_line(&viewing_screen, row), part);
}

/* The first row is above the second. */
static bool shows_order(const struct program *program, const char *text)
{
	viewing_look(program);
	return vt_find(&viewing_screen, text) < vt_find(&viewing_screen, text + strlen(text) + 1) &&
	       vt_find(&viewing_screen, text + strlen(text) + 1) < viewing_screen.rows;
}

static void expect_both(program_said *said, const char *first, const char *second)
{
	char texts[512];

	snprintf(texts, sizeof(texts), "%s%c%s", first, '\0', second);
	program_await(&viewing.program, said, texts);
	if (!said(&viewing.program, texts)) {
		viewing_print_screen();
		cr_assert_fail("'%s' and '%s' do not come to the screen so", first, second);
	}
}

void viewing_expect_row(const char *name, const char *part)
{
	expect_both(shows_row, name, part);
}

void viewing_expect_order(const char *first, const char *second)
{
	expect_both(shows_order, first, second);
}

void viewing_expect_help_line(void)
{
	viewing_expect(VIEWING_HELP_LINE);
	cr_expect_eq(vt_find(&viewing_screen, VIEWING_HELP_LINE), viewing_screen.rows - 1);
}

struct cgfence_cgroup *viewing_fence(const char *name, const char *policy)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), name);

	harness_attach(cgroup, policy);
	return cgroup;
}

struct cgfence_cgroup *viewing_standing_fence(void)
{
	struct cgfence_cgroup *member;
	struct cgfence_policy *policy = harness_policy(VIEWING_DEVICES);
	enum cgfence_attach_result result;
	char pattern[512];
	int failure;

	harness_child_cgroup(harness_cgroup(), "job-1");
	member = harness_child_cgroup(harness_cgroup(), "job-2");
	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	failure = cgfence_standing_attach(pattern, policy, 0, &result, NULL);
	cgfence_policy_free(policy);
	cr_assert_eq(failure, 0);
	return member;
}
