// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/relist.h"
#include "base/boot_time.h"
#include "base/compare.h"

static const int ip_protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE };

static int list_all(const struct observation *observation, struct listeners *list)
{
	int result = 0;

	for (size_t i = 0; i < observation->netns_count && result == 0; i++) {
		for (size_t p = 0; p < sizeof(ip_protocols) / sizeof(ip_protocols[0]) && !result;
		     p++)
			result = sock_diag_dump(observation->netns[i], ip_protocols[p], 0, list,
						NULL);
	}
	return result;
}

static void take(struct relist *relist)
{
	struct listeners list = { 0 };

	relist_free(relist);
	/* What happens while it is taken may be missing in it. */
	relist->taken_ns = boot_time_ns();
	relist->failed = list_all(relist->observation, &list) != 0;
	if (!relist->failed && list.count) {
		relist->cookies = calloc(list.count, sizeof(*relist->cookies));
		relist->failed = !relist->cookies;
	}
	for (size_t i = 0; i < list.count && relist->cookies; i++)
		relist->cookies[relist->count++] = list.items[i].cookie;
	if (relist->cookies)
		qsort(relist->cookies, relist->count, sizeof(*relist->cookies), compare_ids);
	listeners_free(&list);
}

bool relist_has(struct relist *relist, uint64_t cookie, uint64_t since_ns)
{
	if (!relist->taken_ns || relist->taken_ns < since_ns)
		take(relist);
	if (relist->failed)
		return true;
	return relist->count &&
	       bsearch(&cookie, relist->cookies, relist->count, sizeof(cookie), compare_ids);
}

void relist_free(struct relist *relist)
{
	free(relist->cookies);
	*relist = (struct relist){ .observation = relist->observation };
}
