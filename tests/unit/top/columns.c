// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/columns.h"
#include "report/width.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define ELLIPSIS "\xe2\x80\xa6"

static const struct top_column columns[] = {
	{ "PATH", 6, 100, 0, false },
	{ "NAME", 4, 8, 2, false },
	{ "COUNT", 5, 0, 1, true },
	{ 0 },
};

static void expect(size_t available, const char *const cells[], const char *line)
{
	size_t widths[TOP_COLUMNS_MAX];
	char *got;

	columns_fit(columns, available, widths);
	got = columns_line(columns, widths, cells);
	cr_expect_str_eq(got, line, "in %zu: '%s', not '%s'", available, got, line);
	cr_expect_leq(width_of(got), available);
	free(got);
}

#define CELLS(path, name, count) ((const char *const[]){ path, name, count })

Test(top_columns, share_a_line)
{
	expect(17, NULL, "PATH   NAME COUNT");
	expect(17, CELLS("/a/b", "web", "12"), "/a/b   web     12");
	/* What there is room for is shared, up to the most. */
	expect(21, CELLS("/a/b", "web", "12"), "/a/b     web       12");
	expect(40, CELLS("/a/b", "web", "12"), "/a/b                      web         12");
}

Test(top_columns, are_left_out_by_their_rank)
{
	expect(16, CELLS("/a/b", "web", "12"), "/a/b          12");
	expect(12, CELLS("/a/b", "web", "12"), "/a/b      12");
	expect(11, CELLS("/a/b", "web", "12"), "/a/b");
	expect(3, CELLS("/a/b", "web", "12"), ELLIPSIS "/b");
	expect(1, CELLS("/a/b", "web", "12"), ELLIPSIS);
}

Test(top_columns, long_cells_are_shortened_and_no_line_ends_with_blanks)
{
	expect(17, CELLS("/aa/bb/cc", "web-server", "123456"),
	       ELLIPSIS "bb/cc web" ELLIPSIS " 1234" ELLIPSIS);
	expect(12, CELLS("\xe4\xb8\xad", "", "1"), "\xe4\xb8\xad         1");
	expect(11, CELLS("/a", "", "1"), "/a");
}
