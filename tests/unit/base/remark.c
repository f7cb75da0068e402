// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/remark.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void remark(remark_function *function, void *context, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void remark(remark_function *function, void *context, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	remark_format(function, context, format, arguments);
	va_end(arguments);
}

static void copy(const char *text, void *context)
{
	snprintf(context, 32, "%s", text);
}

Test(remark, is_handed_on_as_it_is_formatted)
{
	char text[32] = "";

	remark(copy, text, "%s on line %d", "it", 7);
	cr_expect_str_eq(text, "it on line 7");
}

Test(remark, is_left_out_where_nobody_wants_it)
{
	remark(NULL, NULL, "%s", "it");
}
