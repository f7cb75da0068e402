// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An event may be handled between any two steps, which adds to what is known but takes nothing away. */
#include "reconcile/pass.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/compare.h"
#include "base/yield.h"
#include "cgroup/cgroup.h"
#include "reconcile/act.h"
#include "reconcile/due.h"
#include "reconcile/violation.h"

/* A plan while it is carried out. */
struct pass {
	struct pass_memory *memory;
	const struct observation *observation;
	const struct reconcile_plan *plan;
	const struct reporter *reporter;
	struct act_pass act;
	struct excess_lists excess;
	struct violation_text **texts; /* of each step; NULL for a step that is not described */
	enum cgfence_action *taken;    /* by each step so far */
	bool *removed;		       /* each listener */
	struct due due;
	int code;     /* of a step that was taken in the midst of another one */
	bool put_off; /* a step was */
};

static void give_report(const struct reporter *reporter, const struct violation_text *text,
			bool ended, enum cgfence_action action, const char *failure)
{
	struct cgfence_violation violation;

	violation_fill(text, &violation);
	violation.ended = ended;
	violation.time_ns = boot_time_ns();
	violation.action = action;
	violation.failure = failure;
	reporter->report(&violation, reporter->context);
}

/* A listener that was closed or killed and is back has ended and recurred within one pass. */
static bool is_news(enum cgfence_action before, enum cgfence_action now)
{
	return now != before || now == CGFENCE_ACTION_CLOSED || now == CGFENCE_ACTION_KILLED;
}

static const struct sighting *sighting_of(const struct pass *pass, size_t step)
{
	return &pass->observation->sightings[pass->plan->steps[step].sighting];
}

static const struct port_fence *fence_of(const struct pass *pass, size_t step)
{
	return &pass->observation->fences.items[sighting_of(pass, step)->fence];
}

static struct ledger_entry *entry_of(const struct pass *pass, size_t step)
{
	const struct port_fence *fence = fence_of(pass, step);

	return ledger_entry(&pass->memory->ledger, fence->id, fence->path);
}

/* Is there nothing to do, and nothing new to report? */
static bool is_old(const struct pass *pass, const struct reconcile_step *step)
{
	return step->known != KNOWN_NONE && step->response == RECONCILE_LOG &&
	       pass->memory->known.items[step->known].action == CGFENCE_ACTION_LOGGED;
}

static int describe(struct pass *pass, size_t step)
{
	struct violation_text *text;

	if (pass->texts[step])
		return 0;
	text = calloc(1, sizeof(*text));
	if (!text ||
	    violation_describe(pass->observation, sighting_of(pass, step), &pass->excess, text)) {
		free(text);
		return -ENOMEM;
	}
	pass->texts[step] = text;
	return 0;
}

static void free_text(struct violation_text **text)
{
	if (*text)
		violation_text_free(*text);
	free(*text);
	*text = NULL;
}

/* Describes of each fence at most as many as can be reported: first the new ones, then those that are known. */
static int describe_some(struct pass *pass, size_t *described, bool is_known)
{
	int result = 0;

	for (size_t i = 0; i < pass->plan->count && result == 0; i++) {
		const struct reconcile_step *step = &pass->plan->steps[i];

		if (step->kind != RECONCILE_ACT || is_old(pass, step) ||
		    (step->known != KNOWN_NONE) != is_known ||
		    described[sighting_of(pass, i)->fence] == CGFENCE_SPELLED_MAX)
			continue;
		described[sighting_of(pass, i)->fence]++;
		result = describe(pass, i);
		yield_now();
	}
	return result;
}

/* Before the first action, since a killed process can no longer be described. */
static int describe_all(struct pass *pass)
{
	cleanup_free size_t *described =
		calloc(pass->observation->fences.count + 1, sizeof(*described));
	int result = described ? describe_some(pass, described, false) : -ENOMEM;

	return result ? result : describe_some(pass, described, true);
}

/* The action of the earlier step that removed the listener of this one; CGFENCE_ACTION_NONE if no step did. */
static enum cgfence_action find_cause(const struct pass *pass, size_t step)
{
	const struct sighting *sighting = sighting_of(pass, step);

	for (size_t i = sighting->fence; i != PORT_FENCE_NONE;
	     i = pass->observation->fences.items[i].above) {
		if (pass->act.costs[i].killed)
			return CGFENCE_ACTION_KILLED;
	}
	return pass->removed[sighting->listener] ? CGFENCE_ACTION_CLOSED : CGFENCE_ACTION_NONE;
}

static void note_action(struct pass *pass, size_t step, enum cgfence_action action)
{
	const struct sighting *sighting = sighting_of(pass, step);

	pass->taken[step] = action;
	if (action == CGFENCE_ACTION_KILLED || action == CGFENCE_ACTION_CLOSED)
		pass->removed[sighting->listener] = true;
}

/* Return: the index of the known violation of a step, added if it is new; KNOWN_NONE without memory. */
static size_t remember(struct pass *pass, size_t step, bool *is_new)
{
	struct known *known = &pass->memory->known;
	struct violation_key key;
	size_t index;

	reconcile_plan_key(pass->observation, sighting_of(pass, step), &key);
	/* An event may have told of it since the plan was made. */
	index = known_find(known, &key);
	*is_new = index == KNOWN_NONE;
	return *is_new ? known_add(known, &key) : index;
}

static int report_step(struct pass *pass, size_t step, const struct act_result *result)
{
	struct ledger_entry *entry = entry_of(pass, step);
	struct known_violation *violation;
	bool is_new = false;
	size_t index = entry ? remember(pass, step, &is_new) : KNOWN_NONE;

	if (index == KNOWN_NONE)
		return -ENOMEM;
	entry->known += is_new;
	violation = &pass->memory->known.items[index];
	if (!is_new && !is_news(violation->action, pass->taken[step]))
		return 0;
	violation->action = pass->taken[step];
	if (!ledger_spell(entry, false)) {
		ledger_count(entry, false, pass->taken[step]);
		return 0;
	}
	if (describe(pass, step))
		return -ENOMEM;
	free_text(&violation->text);
	violation->text = cleanup_steal(pass->texts[step]);
	give_report(pass->reporter, violation->text, false, pass->taken[step],
		    result->failure.text);
	return 0;
}

static int act_and_report(struct pass *pass, size_t step)
{
	struct act_result result;

	if (!due_take(&pass->due, step))
		return 0;

	if (is_old(pass, &pass->plan->steps[step])) {
		pass->taken[step] = CGFENCE_ACTION_LOGGED;
		return 0;
	}
	act_on(&pass->act, sighting_of(pass, step), &result);
	pass->put_off = pass->put_off || result.put_off;
	note_action(pass, step, result.gone ? find_cause(pass, step) : result.action);
	return pass->taken[step] == CGFENCE_ACTION_NONE ? 0 : report_step(pass, step, &result);
}

/* In the midst of another step. */
static bool take_first(size_t fence, uint64_t cookie, void *context)
{
	struct pass *pass = context;
	size_t step = due_find(&pass->due, fence, cookie);
	int result = step == DUE_NONE ? 0 : act_and_report(pass, step);

	if (result)
		pass->code = result;
	return step != DUE_NONE;
}

static void report_end(struct pass *pass, size_t index)
{
	struct known_violation *violation = &pass->memory->known.items[index];
	const struct violation_key *key = &violation->key;
	struct ledger_entry *entry =
		ledger_find(&pass->memory->ledger, key->member_id ? key->member_id : key->fence_id);

	violation->ended = true;
	if (!entry)
		return;
	entry->known--;
	if (violation->text && ledger_spell(entry, true))
		give_report(pass->reporter, violation->text, true, violation->action, "");
	else
		ledger_count(entry, true, violation->action);
}

static bool is_listed(const struct pass *pass, const uint64_t *listed, uint64_t cookie)
{
	size_t count = pass->observation->listeners.count;

	return count && bsearch(&cookie, listed, count, sizeof(*listed), compare_ids);
}

/* The cookies of the observed listeners, in ascending order. */
static uint64_t *list_cookies(const struct listeners *listeners)
{
	uint64_t *list = calloc(listeners->count + 1, sizeof(*list));

	for (size_t i = 0; i < listeners->count && list; i++)
		list[i] = listeners->items[i].cookie;
	if (list && listeners->count)
		qsort(list, listeners->count, sizeof(*list), compare_ids);
	return list;
}

/*
 * A listener that was listed is no longer in the fence or no longer in excess. A list may miss a socket while others
 * come and go before it in the table, so one that was not listed has ended only if another list misses it too.
 */
static int report_ends(struct pass *pass, size_t ends)
{
	cleanup_free uint64_t *listed = list_cookies(&pass->observation->listeners);

	for (size_t i = 0; i < ends && listed; i++) {
		size_t index = pass->plan->steps[i].known;
		uint64_t cookie = pass->memory->known.items[index].key.cookie;

		if (is_listed(pass, listed, cookie) || !relist_has(&pass->act.relist, cookie, 0))
			report_end(pass, index);
		yield_now();
	}
	return listed ? 0 : -ENOMEM;
}

static size_t count_ends(const struct reconcile_plan *plan)
{
	size_t count = 0;

	while (count < plan->count && plan->steps[count].kind == RECONCILE_END)
		count++;
	return count;
}

static int take_steps(struct pass *pass)
{
	size_t ends = count_ends(pass->plan);
	int result = describe_all(pass);

	if (ends && result == 0)
		result = report_ends(pass, ends);
	for (size_t i = ends; i < pass->plan->count && result == 0; i++) {
		result = act_and_report(pass, i);
		result = result ? result : pass->code;
		yield_now();
	}
	/* An event in the midst of a pass ends nothing, so the indices of the pass stay valid. */
	if (ends)
		known_forget_ended(&pass->memory->known);
	return result;
}

static void end(struct pass *pass)
{
	for (size_t i = 0; i < pass->plan->count && pass->texts; i++)
		free_text(&pass->texts[i]);
	excess_lists_free(&pass->excess);
	act_pass_end(&pass->act);
	due_free(&pass->due);
	free(pass->texts);
	free(pass->taken);
	free(pass->removed);
}

static int begin(struct pass *pass, struct holders_iterator *iterator)
{
	const struct observation *observation = pass->observation;
	size_t steps = pass->plan->count;

	pass->excess.observation = observation;
	pass->texts = calloc(steps + 1, sizeof(struct violation_text *));
	pass->taken = calloc(steps + 1, sizeof(*pass->taken));
	pass->removed = calloc(observation->listeners.count + 1, sizeof(*pass->removed));
	if (!pass->texts || !pass->taken || !pass->removed ||
	    due_make(observation, pass->plan, &pass->due))
		return -ENOMEM;
	for (size_t i = 0; i < steps; i++)
		pass->taken[i] = CGFENCE_ACTION_NONE;
	if (act_pass_begin(&pass->act, observation, iterator))
		return -ENOMEM;
	pass->act.locked = &pass->memory->locked;
	pass->act.take_first = take_first;
	pass->act.context = pass;
	return 0;
}

int pass_carry_out(struct pass_memory *memory, const struct observation *observation,
		   const struct reconcile_plan *plan, struct holders_iterator *iterator,
		   const struct reporter *reporter, size_t *in_excess)
{
	struct pass pass = {
		.memory = memory,
		.observation = observation,
		.plan = plan,
		.reporter = reporter,
	};
	int result = begin(&pass, iterator);

	if (result == 0)
		result = take_steps(&pass);
	/* A listener that the second look found no longer in excess does not count. */
	for (size_t i = 0; i < plan->count && pass.act.costs; i++)
		*in_excess += pass.taken[i] != CGFENCE_ACTION_NONE;
	end(&pass);
	return result == 0 && pass.put_off ? -EAGAIN : result;
}

int pass_report_excess(const struct observation *observation, const struct reconcile_plan *plan,
		       const struct reporter *reporter)
{
	struct excess_lists excess = { .observation = observation };
	struct ledger ledger = { 0 };
	int result = 0;

	for (size_t i = 0; i < plan->count && result == 0; i++) {
		const struct sighting *sighting = &observation->sightings[plan->steps[i].sighting];
		const struct port_fence *fence = &observation->fences.items[sighting->fence];
		struct ledger_entry *entry = ledger_entry(&ledger, fence->id, fence->path);
		struct violation_text text;

		if (entry && !ledger_spell(entry, false)) {
			ledger_count(entry, false, CGFENCE_ACTION_NONE);
			continue;
		}
		if (!entry || violation_describe(observation, sighting, &excess, &text)) {
			result = -ENOMEM;
			break;
		}
		give_report(reporter, &text, false, CGFENCE_ACTION_NONE, "");
		violation_text_free(&text);
	}
	ledger_close(&ledger, reporter->report, reporter->context);
	ledger_free(&ledger);
	excess_lists_free(&excess);
	return result;
}
