// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/order.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct top_row items[] = {
	{ .id = 1,
	  .cgroup = "/c",
	  .name = "web",
	  .enforces = true,
	  .members = 3,
	  .rates = { 1, 0, 5, 0 },
	  .refusals = { 9, 0, 0, 0 } },
	{ .id = 2,
	  .cgroup = "/a",
	  .name = NULL,
	  .enforces = false,
	  .excess = 2,
	  .rates = { 2, 1, 0, 0 },
	  .refusals = { 0, 20, 0, 0 } },
	{ .id = 3,
	  .cgroup = "/b/WEB",
	  .name = "db",
	  .enforces = true,
	  .rates = { 0, 4, 0, 1 },
	  .refusals = { 1, 1, 1, 1 } },
	{ .id = 4 }, /* not read yet */
};

static void expect(enum top_sort sort, bool reversed, const char *filter, const char *ids)
{
	const struct top_rows rows = { items, sizeof(items) / sizeof(items[0]) };
	size_t *order = NULL;
	size_t count = 0;
	char got[16] = "";

	cr_assert_eq(order_make(&rows, sort, reversed, filter, &order, &count), 0);
	for (size_t i = 0; i < count; i++)
		got[i] = (char)('0' + rows.items[order[i]].id);
	cr_expect_str_eq(got, ids, "%s%s '%s': %s, not %s", order_name(sort),
			 reversed ? " reversed" : "", filter, got, ids);
	free(order);
}

Test(top_order, numbers_fall_and_texts_rise)
{
	expect(TOP_SORT_RATE, false, "", "132");
	expect(TOP_SORT_DEVICE, false, "", "213");
	expect(TOP_SORT_BIND, false, "", "321");
	expect(TOP_SORT_LISTEN, false, "", "123");
	expect(TOP_SORT_CREATE, false, "", "321");
	expect(TOP_SORT_TOTAL, false, "", "213");
	expect(TOP_SORT_EXCESS, false, "", "231");
	expect(TOP_SORT_MEMBERS, false, "", "123");
	expect(TOP_SORT_NAME, false, "", "231");
	expect(TOP_SORT_CGROUP, false, "", "231");
	expect(TOP_SORT_MODE, false, "", "312");
}

Test(top_order, equals_stay_by_their_paths_when_it_is_reversed)
{
	expect(TOP_SORT_CGROUP, true, "", "132");
	expect(TOP_SORT_TOTAL, true, "", "312");
	expect(TOP_SORT_LISTEN, true, "", "231");
}

Test(top_order, a_filter_takes_path_or_name_in_either_case)
{
	expect(TOP_SORT_CGROUP, false, "web", "31");
	expect(TOP_SORT_CGROUP, false, "DB", "3");
	expect(TOP_SORT_CGROUP, false, "/a", "2");
	expect(TOP_SORT_CGROUP, false, "x", "");
}

Test(top_order, is_found_by_its_name)
{
	struct cgfence_error error = { 0 };
	enum top_sort sort = TOP_SORT_COUNT;

	for (int i = 0; i < TOP_SORT_COUNT; i++) {
		cr_expect_eq(order_find(order_name((enum top_sort)i), &sort, &error), 0);
		cr_expect_eq((int)sort, i);
	}
	cr_expect_eq(order_find("cgrop", &sort, &error), -EINVAL);
	cr_expect(error.invalid_input);
	cr_expect(strstr(error.text, "mode, name, cgroup; did you mean 'cgroup'?"), "%s",
		  error.text);
}
