// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/source_read.h"
#include "base/error.h"
#include "kernel/source_map.h"

#include <errno.h>

int fence_source_read(uint32_t id, char **packed, struct cgfence_error *error)
{
	if (!id)
		return error_set(
			error, ENODATA,
			"its policy as it was written is not known, as another version of cgfence made it; attach the policy again");
	return source_map_read(id, packed, error);
}
