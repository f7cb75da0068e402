// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/state.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "daemon/notify.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/standing.h>
#include <stdio.h>

static size_t count_members(uint64_t id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	size_t count = 0;

	if (cgfence_fence_open(id, &fence, NULL) == 0)
		cgfence_fence_count_members(fence, &count, NULL);
	return count;
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

void state_tell(const struct watch_fences *fences, size_t in_excess, bool failed)
{
	char time[OUTPUT_TIME_SIZE];
	size_t members = 0;
	char state[256];

	if (!notify_is_wanted())
		return;
	/* It lists no fences while it yields. */
	for (size_t i = 0; i < fences->count; i++) {
		if (cgfence_standing_is_id(fences->items[i].id))
			members += count_members(fences->items[i].id);
	}
	output_time(boot_time_ns(), time);
	snprintf(state, sizeof(state),
		 "STATUS=%zu fence%s, %zu member%s, %zu listener%s in excess, last pass %s%s",
		 fences->count, plural(fences->count), members, plural(members), in_excess,
		 plural(in_excess), time, failed ? ", which could not look at everything" : "");
	notify_send(state);
}
