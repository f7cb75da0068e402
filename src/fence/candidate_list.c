// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/candidate_list.h"
#include "base/array.h"

#include <cgfence/verdict.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

void candidates_release(struct candidates *candidates)
{
	free(candidates->selectors);
	*candidates = (struct candidates){ 0 };
}

/*
 * Numbers that no device can have are passed over, and 0:0, which is no device: no program is asked about opening it
 * (devcgroup_inode_permission, include/linux/device_cgroup.h).
 */
int candidates_add(struct candidates *list, uint32_t type, int64_t major, int64_t minor)
{
	uint64_t *larger;

	if ((major == 0 && minor == 0) || major < 0 || major > CGFENCE_MAJOR_MAX || minor < 0 ||
	    minor > CGFENCE_MINOR_MAX)
		return 0;
	larger = array_with_room(list->selectors, list->count, &list->capacity, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	list->selectors = larger;
	larger[list->count++] = cgfence_device_selector(type, (uint32_t)major, (uint32_t)minor, 0);
	return 0;
}

int candidates_add_both(struct candidates *list, int64_t major, int64_t minor)
{
	int result = candidates_add(list, BPF_DEVCG_DEV_BLOCK, major, minor);

	return result ? result : candidates_add(list, BPF_DEVCG_DEV_CHAR, major, minor);
}
