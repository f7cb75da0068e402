// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/host_look.h"
#include "cgroup/cgroup.h"
#include "reconcile/holders_find.h"

#include <stdlib.h>

static int compare_cookies(const void *left, const void *right)
{
	const struct cgfence_holder *a = left;
	const struct cgfence_holder *b = right;

	return a->cookie < b->cookie ? -1 : a->cookie > b->cookie;
}

/* As if the root were a fence. Whom it does not find, nobody can be asked for. */
static void take(struct host_look *look)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	cleanup_cgroup struct cgfence_cgroup *root = NULL;
	struct port_fence fence = { .above = PORT_FENCE_NONE };
	const struct port_fences fences = { .items = &fence, .count = 1 };
	struct holders_iterator *iterator = NULL;

	look->taken = true;
	if (cgfence_cgroup_open("/", &root, NULL) || hierarchy_open(&hierarchy, NULL))
		return;
	fence.id = cgfence_cgroup_id(root);
	/* Not that of the pass, which may be running, and knows the fences. */
	holders_iterator_new(&iterator, NULL);
	holders_find(&fences, &hierarchy, &look->observation->listeners, iterator, &look->holders,
		     NULL);
	holders_iterator_free(iterator);
	if (look->holders.count)
		qsort(look->holders.items, look->holders.count, sizeof(*look->holders.items),
		      compare_cookies);
}

static bool has_descriptor(const struct cgfence_holder *holder)
{
	return holder->holding == CGFENCE_HOLDING_DESCRIPTOR && holder->fd != HOLDER_FD_UNKNOWN;
}

const struct cgfence_holder *host_look_find(struct host_look *look, uint64_t cookie)
{
	const struct cgfence_holder key = { .cookie = cookie };
	const struct cgfence_holder *first;
	const struct cgfence_holder *end;
	const struct cgfence_holder *at;

	/* A loop of events may not cost as much as one of passes. */
	if (!look->taken && !look->observation->of_event)
		take(look);
	first = look->holders.items;
	end = first + look->holders.count;
	at = look->holders.count
		     ? bsearch(&key, first, look->holders.count, sizeof(key), compare_cookies)
		     : NULL;
	while (at && at > first && at[-1].cookie == cookie)
		at--;
	for (; at && at < end && at->cookie == cookie; at++) {
		if (has_descriptor(at))
			return at;
	}
	return NULL;
}

void host_look_free(struct host_look *look)
{
	holders_free(&look->holders);
}
