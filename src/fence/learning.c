// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fences that learn, while somebody else may change or detach them. */
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/fence.h"

#include <errno.h>

int cgfence_fence_check_learning(const struct cgfence_fence *fence, struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *now = NULL;
	int result = fence_read(fence_id(fence), &now, error);

	if (result == -ENOENT)
		return error_set(error, ENOENT,
				 "the fence was detached while it learnt; learn again");
	if (result)
		return result;
	if (!fence_learns(now) || !fence_is_same(fence, now))
		return error_set(
			error, EBUSY,
			"the policy of the fence was replaced while it learnt; learn again");
	return 0;
}
