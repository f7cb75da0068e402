// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/adopted.h"
#include "base/error.h"
#include "kernel/adopted.h"

#include <string.h>

static int attach(struct adopted *adopted, struct cgfence_error *error)
{
	int result = adopted_drop_succeeded(adopted);

	return result ? error_set(error, -result,
				  "cannot list the device programs that are there: %s",
				  strerror(-result))
		      : adopted_attach(adopted, error);
}

int fence_adopted_give_back(uint64_t id, struct cgfence_error *error)
{
	cleanup_adopted struct adopted adopted = { 0 };
	int result = adopted_read(id, &adopted, error);

	return result ? result : attach(&adopted, error);
}

int fence_adopted_give_back_detaching(uint64_t id, struct cgfence_error *error)
{
	cleanup_adopted struct adopted adopted = { 0 };
	int result = adopted_read_detaching(id, &adopted, error);

	return result ? result : attach(&adopted, error);
}

int fence_adopted_settle(uint64_t id, bool in_force, struct cgfence_error *error)
{
	cleanup_adopted struct adopted adopted = { 0 };
	int result = adopted_read(id, &adopted, error);

	if (result || !adopted.count)
		return result;
	if (in_force)
		return adopted_detach(&adopted, error);
	result = attach(&adopted, error);
	if (result == 0)
		adopted_unpin(id);
	return result;
}

bool fence_adopted_is_unsettled(uint64_t id)
{
	cleanup_adopted struct adopted adopted = { 0 };

	return adopted_read(id, &adopted, NULL) == 0 && adopted_are_attached(&adopted);
}
