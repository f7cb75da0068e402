// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/ledger.h"
#include "base/array.h"
#include "base/boot_time.h"

#include <string.h>

/* The index of the first entry whose fence id is not below this one. */
static size_t position_of(const struct ledger *ledger, uint64_t fence_id)
{
	size_t low = 0;
	size_t high = ledger->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ledger->items[middle].fence_id < fence_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct ledger_entry *ledger_find(const struct ledger *ledger, uint64_t fence_id)
{
	size_t i = position_of(ledger, fence_id);

	return i < ledger->count && ledger->items[i].fence_id == fence_id ? &ledger->items[i]
									  : NULL;
}

struct ledger_entry *ledger_entry(struct ledger *ledger, uint64_t fence_id, const char *cgroup)
{
	struct ledger_entry *found = ledger_find(ledger, fence_id);
	size_t at = position_of(ledger, fence_id);
	struct ledger_entry *items;
	char *path;

	if (found)
		return found;
	items = array_with_room(ledger->items, ledger->count, &ledger->capacity, sizeof(*items));
	if (!items)
		return NULL;
	ledger->items = items;
	path = strdup(cgroup);
	if (!path)
		return NULL;
	memmove(&items[at + 1], &items[at], (ledger->count - at) * sizeof(*items));
	items[at] = (struct ledger_entry){ .fence_id = fence_id, .cgroup = path };
	ledger->count++;
	return &items[at];
}

bool ledger_spell(struct ledger_entry *entry, bool ended)
{
	size_t *spelled = ended ? &entry->spelled_ends : &entry->spelled;

	if (*spelled == CGFENCE_SPELLED_MAX)
		return false;
	++*spelled;
	return true;
}

void ledger_count(struct ledger_entry *entry, bool ended, enum cgfence_action action)
{
	++(ended ? entry->rest_ends : entry->rest)[action];
}

void ledger_begin(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->count; i++) {
		ledger->items[i].spelled = 0;
		ledger->items[i].spelled_ends = 0;
	}
}

static void report_rest(const struct ledger_entry *entry, bool ended, cgfence_report *report,
			void *context)
{
	struct cgfence_violation violation = {
		.ended = ended,
		.time_ns = boot_time_ns(),
		.cgroup = entry->cgroup,
		.comm = "",
		.cmdline = "",
		.address = "",
		.excess = "",
		.reason = "",
		.failure = "",
	};

	memcpy(violation.rest_actions, ended ? entry->rest_ends : entry->rest,
	       sizeof(violation.rest_actions));
	for (int i = 0; i < CGFENCE_ACTION_COUNT; i++)
		violation.rest += violation.rest_actions[i];
	if (violation.rest)
		report(&violation, context);
}

void ledger_close(struct ledger *ledger, cgfence_report *report, void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < ledger->count; i++) {
		struct ledger_entry *entry = &ledger->items[i];

		report_rest(entry, true, report, context);
		report_rest(entry, false, report, context);
		entry->spelled = 0;
		entry->spelled_ends = 0;
		memset(entry->rest, 0, sizeof(entry->rest));
		memset(entry->rest_ends, 0, sizeof(entry->rest_ends));
		if (entry->known)
			ledger->items[kept++] = *entry;
		else
			free(entry->cgroup);
	}
	ledger->count = kept;
}

void ledger_free(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->count; i++)
		free(ledger->items[i].cgroup);
	free(ledger->items);
	*ledger = (struct ledger){ 0 };
}
