// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/importing.h"
#include "base/remark.h"

void importing_remark(const struct importing *import, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	remark_format(import->remark, import->context, format, arguments);
	va_end(arguments);
}
