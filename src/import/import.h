/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "import/importing.h"

/** import_run() - cgfence_import() on a host. */
int import_run(const char *dialect, const char *part, const struct cgfence_import_source *sources,
	       size_t count, const struct import_host *host, cgfence_import_remark *remark,
	       void *context, char **text, struct cgfence_error *error);
