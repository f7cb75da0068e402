// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Observe, plan, act, report. */
#include "base/cleanup.h"
#include "base/error.h"
#include "net/borrower.h"
#include "reconcile/observe.h"
#include "reconcile/pass.h"
#include "reconcile/plan.h"

struct cgfence_reconciler {
	struct holders_iterator *iterator; /* NULL where the kernel has none */
	struct port_fence_cache fences;
	struct pass_memory memory;
};

const char *cgfence_action_name(enum cgfence_action action)
{
	static const char *const names[] = {
		[CGFENCE_ACTION_LOGGED] = "logged",	[CGFENCE_ACTION_CLOSED] = "closed",
		[CGFENCE_ACTION_SILENCED] = "silenced", [CGFENCE_ACTION_KILLED] = "killed",
		[CGFENCE_ACTION_FAILED] = "failed",	[CGFENCE_ACTION_NONE] = "none",
	};

	return names[action];
}

int cgfence_reconciler_new(struct cgfence_reconciler **reconciler, struct cgfence_error *error)
{
	struct cgfence_reconciler *made = calloc(1, sizeof(*made));

	if (!made)
		return error_out_of_memory(error);
	/* Without the iterator a walk of /proc finds the same, more slowly. */
	holders_iterator_new(&made->iterator, NULL);
	*reconciler = made;
	return 0;
}

void cgfence_reconciler_use_census(struct cgfence_reconciler *reconciler,
				   struct cgfence_census *census)
{
	reconciler->fences.census = census;
}

void cgfence_reconciler_free(struct cgfence_reconciler *reconciler)
{
	if (!reconciler)
		return;
	known_free(&reconciler->memory.known);
	ledger_free(&reconciler->memory.ledger);
	holders_iterator_free(reconciler->iterator);
	port_fence_cache_free(&reconciler->fences);
	free(reconciler);
}

bool cgfence_reconciler_uses_iterator(const struct cgfence_reconciler *reconciler)
{
	return reconciler->iterator;
}

/* @older: how many violations were known before the observation */
static int settle(struct cgfence_reconciler *reconciler, const struct observation *observation,
		  uint64_t fence_id, size_t older, const struct reporter *reporter,
		  size_t *in_excess, struct cgfence_error *error)
{
	struct pass_memory *memory = &reconciler->memory;
	struct reconcile_plan plan = { 0 };
	int result = reconcile_plan_make(observation, fence_id, &memory->known, older, &plan);

	if (result == 0)
		result = pass_carry_out(memory, observation, &plan, reconciler->iterator, reporter,
					in_excess);
	reconcile_plan_free(&plan);
	if (result == -EAGAIN)
		return error_set(error, EAGAIN, "another command is changing the fence");
	return result ? error_out_of_memory(error) : 0;
}

int cgfence_reconciler_pass(struct cgfence_reconciler *reconciler, uint64_t fence_id,
			    cgfence_report *report, void *context, size_t *in_excess,
			    struct cgfence_error *error)
{
	const struct reporter reporter = { .report = report, .context = context };
	const struct observation_scope scope = {
		.fence_id = fence_id,
		.iterator = reconciler->iterator,
		.fences = &reconciler->fences,
	};
	size_t older = reconciler->memory.known.count;
	struct observation observation;
	size_t count = 0;
	int settled;
	int seen;

	ledger_begin(&reconciler->memory.ledger);
	seen = observe(&scope, &observation, error);
	/* Act on an incomplete observation too, and return the first failure. */
	settled = settle(reconciler, &observation, fence_id, older, &reporter, &count,
			 seen ? NULL : error);
	ledger_close(&reconciler->memory.ledger, report, context);
	observation_free(&observation);
	borrower_end();
	*in_excess = count;
	return seen ? seen : settled;
}

static int compare_ids(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

void cgfence_reconciler_count_excess(const struct cgfence_reconciler *reconciler,
				     const uint64_t *ids, size_t count, size_t *counts)
{
	const struct known *known = &reconciler->memory.known;

	for (size_t i = 0; i < count; i++)
		counts[i] = 0;
	for (size_t i = 0; i < known->count && count; i++) {
		const uint64_t *id = bsearch(&known->items[i].key.fence_id, ids, count,
					     sizeof(*ids), compare_ids);

		if (id && !known->items[i].ended)
			counts[id - ids]++;
	}
}

int cgfence_reconciler_handle(struct cgfence_reconciler *reconciler,
			      const struct cgfence_event *event, cgfence_report *report,
			      void *context, struct cgfence_error *error)
{
	const struct reporter reporter = { .report = report, .context = context };
	struct observation observation;
	size_t count = 0;
	int result = observe_event(event, &reconciler->fences, &observation, error);

	if (result == 0)
		result = settle(reconciler, &observation, event->cgroup_id, 0, &reporter, &count,
				error);
	observation_free(&observation);
	borrower_end();
	return result;
}

int cgfence_fence_report_excess(uint64_t fence_id, cgfence_report *report, void *context,
				struct cgfence_error *error)
{
	const struct reporter reporter = { .report = report, .context = context };
	const struct observation_scope scope = { .fence_id = fence_id };
	const struct known none = { 0 };
	struct observation observation;
	struct reconcile_plan plan = { 0 };
	int result = observe(&scope, &observation, error);

	if (result == 0 && (reconcile_plan_make(&observation, fence_id, &none, 0, &plan) ||
			    pass_report_excess(&observation, &plan, &reporter)))
		result = error_out_of_memory(error);
	reconcile_plan_free(&plan);
	observation_free(&observation);
	borrower_end();
	return result;
}
