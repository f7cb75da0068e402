// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/importing.h"
#include "base/cleanup.h"

#include <stdarg.h>
#include <stdio.h>

void importing_remark(const struct importing *import, const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (text && import->remark)
		import->remark(text, import->context);
}
