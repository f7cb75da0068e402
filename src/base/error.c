// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void error_fill(struct cgfence_error *error, bool invalid_input, const char *format,
		       va_list arguments)
{
	if (!error)
		return;
	error->invalid_input = invalid_input;
	vsnprintf(error->text, sizeof(error->text), format, arguments);
}

int error_set(struct cgfence_error *error, int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	error_fill(error, false, format, arguments);
	va_end(arguments);
	return -code;
}

int error_set_invalid(struct cgfence_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	error_fill(error, true, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int error_out_of_memory(struct cgfence_error *error)
{
	return error_set(error, ENOMEM, "out of memory");
}

void error_wrap(struct cgfence_error *error, const char *format, ...)
{
	char text[sizeof(error->text)];
	va_list arguments;
	size_t used;

	if (!error)
		return;
	memcpy(text, error->text, sizeof(text));
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	used = strlen(error->text);
	snprintf(error->text + used, sizeof(error->text) - used, ": %s", text);
}

bool error_is_shortage(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM;
}
