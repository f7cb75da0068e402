// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/remark.h"
#include "base/cleanup.h"

#include <stdio.h>

void remark_format(remark_function *remark, void *context, const char *format, va_list arguments)
{
	cleanup_free char *text = NULL;

	if (!remark)
		return;
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	if (text)
		remark(text, context);
}
