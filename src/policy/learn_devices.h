/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The entries for the devices that were used. */
#pragma once

#include "policy/learn_touch.h"

struct learn_entry {
	struct lesson_touch touch; /* of all devices that it stands for, with the access of all */
	char words[DEVICE_PATH_SIZE];
	bool known;	 /* the earlier policy has an entry for all of it, even if it denies some */
	bool only_asked; /* nobody read, wrote or made it, only whether it is there was asked */
};

/**
 * learn_devices() - the entries for the devices in a list of touches.
 * @policy: the earlier policy
 * @entries: receives an array to be given to free(), each words once
 *
 * Touches of runtimes do not count.
 */
int learn_devices(const struct cgfence_lesson *lesson, const struct cgfence_policy *policy,
		  const struct lesson_touch *touches, size_t touch_count,
		  struct learn_entry **entries, size_t *count, struct cgfence_error *error);
