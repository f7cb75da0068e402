// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/page.h"
#include "report/width.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000ULL

static struct top_row items[] = {
	{ .id = 1,
	  .cgroup = "/machine/web",
	  .name = "web",
	  .enforces = true,
	  .has_ports = true,
	  .looked = true,
	  .excess = 2,
	  .rates = { 12, 0.5, 0, 0 },
	  .refusals = { 120, 5, 0, 0 },
	  .sampled_ns = 1 },
	{ .id = 2,
	  .cgroup = "/jobs/job-*",
	  .enforces = false,
	  .is_standing = true,
	  .members = 17,
	  .has_ports = true,
	  .sampled_ns = 1 },
	{ .id = 3, .cgroup = "id:3", .failed = true },
	{ .id = 4 },
};
static const struct top_rows rows = { items, 4 };
static const size_t order[] = { 0, 1, 2 };

static struct top_looks looks;

static void fill_looks(void)
{
	const struct cgfence_denial_record record = {
		.subject = { .type = BPF_DEVCG_DEV_CHAR,
			     .access = BPF_DEVCG_ACC_READ,
			     .major = 1,
			     .minor = 11 },
		.pid = 77,
		.count = 4,
		.last_ns = 58 * NS_PER_S,
		.comm = "a\033b",
	};
	const struct cgfence_violation violation = {
		.cgroup = "/machine/web",
		.pid = 5,
		.comm = "nginx",
		.family = CGFENCE_IPV4,
		.address = "0.0.0.0",
		.port = 80,
		.reason = "it is not assigned",
	};

	cr_assert_eq(looks_add_subject(&looks, &record, "/machine/web"), 0);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(looks_add_listener(&looks, 1, &violation), 0);
}

/* The page, each line ended; it lives until the next call. */
static const char *make(struct top_scene *scene, size_t height, size_t width)
{
	static char text[65536];
	struct page page = { 0 };
	size_t length = 0;

	scene->rows = scene->rows ? scene->rows : &rows;
	scene->looks = &looks;
	scene->order = order;
	scene->interval_ns = 2 * NS_PER_S;
	scene->now_ns = 60 * NS_PER_S;
	cr_assert_eq(page_make(scene, height, width, &page), 0);
	*text = '\0';
	for (size_t i = 0; i < height; i++) {
		const char *line = page.lines[i] ? page.lines[i] : "";

		cr_expect_leq(width_of(line), width, "'%s' in %zu", line, width);
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s\n", line);
	}
	page_release(&page);
	return text;
}

Test(top_page, has_all_on_80_by_24)
{
	static const char expected[] =
		"cgfence top: 4 fences, 17 members  every 2s  by rate\n"
		"refused/s: device 12  bind 0.5  listen 0  create 0  in excess: 2  unreadable: 1…\n"
		"CGROUP                  MODE     MEMB ALL/s DEV/s BIND/s LSTN/s CRE/s  TOTAL EXC\n"
		"/machine/web            enforce     -    12    12    0.5      0     0    125   2\n"
		"/jobs/job-*             audit      17     0     0      0      0     0      0   ?\n"
		"id:3                    ?           -     0     0      0      0     0      0   -\n"
		"\n\n\n\n\n\n\n\n"
		" AGE VERDICT HOOK   WHAT                 TIMES     PID COMM        CGROUP\n"
		"2.0s denied  device c 1:11 r                 4      77 a\\x1bb      /machine/web\n"
		"\n\n\n\n"
		"SOCKET                       PID COMM        CGROUP          REASON\n"
		"tcp 0.0.0.0:80                 5 nginx       /machine/web    it is not assigned\n"
		"tcp 0.0.0.0:80                 5 nginx       /machine/web    it is not assigned\n"
		"q quit  p pause  s sort  r reverse  / filter  Enter members  h help\n";
	struct top_view view = { 0 };
	struct top_scene scene = { .view = &view, .count = 3 };

	fill_looks();
	cr_expect_str_eq(make(&scene, 24, 80), expected, "%s", make(&scene, 24, 80));
	looks_release(&looks);
}

Test(top_page, says_what_is_chosen)
{
	struct top_view view = {
		.sort = TOP_SORT_BIND, .reversed = true, .paused = true, .filter = "a\033"
	};
	struct top_scene scene = { .view = &view, .pattern = "/jobs/job-*", .trouble = "No." };

	cr_expect(strstr(make(&scene, 24, 120),
			 "cgfence top: 4 members  PAUSED  every 2s  by bind (reversed)"
			 "  filter 'a\\x1b'  of /jobs/job-*\nNo.\n"),
		  "%s", make(&scene, 24, 120));
	cr_expect(strstr(make(&scene, 24, 80), "\nNothing matches the filter.\n"));
	view.edits = true;
	cr_expect(strstr(make(&scene, 24, 80), "filter: a\\x1b_\n"));
	*view.filter = '\0';
	cr_expect(strstr(make(&scene, 24, 80), "\nThe fence has no members now.\n"));
	scene.pattern = NULL;
	cr_expect(strstr(make(&scene, 24, 80), "\nThe fences are being read.\n"));
	scene.rows = &(struct top_rows){ 0 };
	cr_expect(strstr(make(&scene, 24, 80), "\nThere are no fences.\n"));
}

/* In members of another fence, its listeners are not shown. */
Test(top_page, listeners_are_those_of_the_fence_that_is_shown)
{
	struct top_view view = { 0 };
	struct top_scene scene = { .view = &view, .count = 3, .pattern = "/p", .fence = 2 };

	fill_looks();
	cr_expect_not(strstr(make(&scene, 24, 80), "nginx"));
	scene.fence = 1;
	cr_expect(strstr(make(&scene, 24, 80), "nginx"));
	looks_release(&looks);
}

Test(top_page, fits_any_size)
{
	struct top_view view = { 0 };
	struct top_scene scene = { .view = &view, .count = 3 };

	fill_looks();
	for (size_t height = 0; height < 40; height++) {
		for (size_t width = 0; width < 130; width += 3) {
			view.helps = width % 2;
			make(&scene, height, width);
		}
	}
	/* Rows come before all else. */
	view.helps = false;
	cr_expect_eq(strncmp(make(&scene, 1, 80), "/machine/web ", 13), 0);
	cr_expect(strstr(make(&scene, 2, 80), "cgfence top"));
	looks_release(&looks);
}

Test(top_page, its_parts_are_the_screen)
{
	for (size_t height = 0; height < 100; height++) {
		for (size_t listeners = 0; listeners < 20; listeners++) {
			const struct page_parts parts = page_divide(height, listeners);

			cr_expect_eq(parts.title + parts.totals + parts.heading + parts.rows +
					     parts.subjects + parts.listeners + parts.help,
				     height);
			cr_expect(!height || parts.rows);
			/* A heading stands above something. */
			cr_expect_neq(parts.subjects, 1);
			cr_expect_neq(parts.listeners, 1);
			cr_expect(parts.listeners <= listeners + 1);
		}
	}
	cr_expect_eq(page_divide(24, 1).listeners, 2);
	cr_expect_eq(page_divide(24, 0).listeners, 0);
}
