// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/view.h"

#include <criterion/criterion.h>

#define PAGE 10
#define COUNT 25

static enum top_action press(struct top_view *view, int key)
{
	enum top_action action = view_key(view, key, PAGE);

	view_bound(view, COUNT, PAGE);
	return action;
}

static void expect_at(struct top_view *view, int key, size_t selected, size_t first)
{
	press(view, key);
	cr_expect(view->selected == selected && view->first == first, "%#x: %zu from %zu", key,
		  view->selected, view->first);
}

Test(top_view, the_selected_row_stays_on_the_screen)
{
	struct top_view view = { 0 };

	expect_at(&view, TOP_KEY_UP, 0, 0);
	expect_at(&view, TOP_KEY_DOWN, 1, 0);
	expect_at(&view, TOP_KEY_PAGE_DOWN, 11, 2);
	expect_at(&view, TOP_KEY_PAGE_DOWN, 21, 12);
	expect_at(&view, TOP_KEY_PAGE_DOWN, 24, 15);
	expect_at(&view, 'j', 24, 15);
	expect_at(&view, TOP_KEY_PAGE_UP, 14, 14);
	expect_at(&view, 'k', 13, 13);
	expect_at(&view, TOP_KEY_HOME, 0, 0);
	expect_at(&view, TOP_KEY_END, 24, 15);
	/* Rows may be gone, and the screen larger. */
	view_bound(&view, 20, PAGE);
	cr_expect(view.selected == 19 && view.first == 10);
	view_bound(&view, 20, 15);
	cr_expect(view.selected == 19 && view.first == 5);
	view_bound(&view, 0, 15);
	cr_expect(view.selected == 0 && view.first == 0);
	view_bound(&view, 3, 0);
	cr_expect(view.selected == 0);
}

Test(top_view, keys_say_what_to_do)
{
	struct top_view view = { 0 };

	cr_expect_eq(press(&view, 'q'), TOP_QUIT);
	cr_expect_eq(press(&view, '\r'), TOP_OPEN);
	cr_expect_eq(press(&view, TOP_KEY_ESCAPE), TOP_LEAVE);
	cr_expect_eq(press(&view, TOP_KEY_BACKSPACE), TOP_LEAVE);
	cr_expect_eq(press(&view, 'L' & 0x1f), TOP_REDRAW);
	cr_expect_eq(press(&view, 'p'), TOP_SHOW);
	cr_expect(view.paused);
	press(&view, ' ');
	cr_expect_not(view.paused);
	press(&view, '?');
	cr_expect(view.helps);
	/* Another size of the terminal is no key. */
	press(&view, TOP_NO_KEY);
	cr_expect(view.helps);
	cr_expect_eq(press(&view, TOP_KEY_ESCAPE), TOP_SHOW);
	cr_expect_not(view.helps);
}

Test(top_view, orders_go_round)
{
	struct top_view view = { 0 };

	press(&view, 'r');
	cr_expect(view.reversed);
	press(&view, 'S');
	cr_expect_eq(view.sort, TOP_SORT_COUNT - 1);
	cr_expect_not(view.reversed);
	press(&view, 's');
	cr_expect_eq(view.sort, TOP_SORT_RATE);
}

static void type(struct top_view *view, const char *text)
{
	while (*text)
		press(view, (unsigned char)*text++);
}

Test(top_view, a_filter_is_edited)
{
	struct top_view view = { .filter = "old" };

	type(&view, "/qs \xc3\xa9");
	cr_expect(view.edits);
	cr_expect_str_eq(view.filter, "oldqs \xc3\xa9");
	/* A character goes whole, and only then what is before it. */
	press(&view, TOP_KEY_BACKSPACE);
	cr_expect_str_eq(view.filter, "oldqs ");
	type(&view, "\x7f\b\b\b");
	cr_expect_str_eq(view.filter, "ol");
	press(&view, TOP_KEY_LEFT);
	press(&view, 1);
	cr_expect_str_eq(view.filter, "ol");
	press(&view, TOP_KEY_ESCAPE);
	cr_expect_str_eq(view.filter, "old");
	type(&view, "/\x15new\n");
	cr_expect_str_eq(view.filter, "new");
	cr_expect_not(view.edits);
	type(&view, "/\x15\x7f\x7f");
	for (int i = 0; i < 200; i++)
		press(&view, 'x');
	cr_expect_eq(strlen(view.filter), TOP_FILTER_SIZE - 1);
}
