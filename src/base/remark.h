/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Remarks for the caller of the library, who may not want any. */
#pragma once

#include <stdarg.h>

typedef void remark_function(const char *text, void *context);

/** remark_format() - hand a formatted remark to a function; NULL for none. Without memory the remark is left out. */
void remark_format(remark_function *remark, void *context, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));
