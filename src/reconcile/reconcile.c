// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Observe, plan, act, report. */
#include "reconcile/act.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "reconcile/observe.h"
#include "reconcile/plan.h"
#include "reconcile/violation.h"

#include <string.h>

struct cgfence_reconciler {
	struct holders_iterator *iterator; /* NULL where the kernel has none */
	struct port_fence_cache fences;
	/* The violations that were reported and have not ended, and their texts, by the same index. */
	struct reported *reported;
	struct violation_text *texts;
	size_t count;
	size_t capacity;
};

struct reporter {
	cgfence_report *report;
	void *context;
};

/* A plan while it is carried out. */
struct pass {
	struct cgfence_reconciler *reconciler;
	const struct observation *observation;
	const struct reconcile_plan *plan;
	const struct reporter *reporter;
	struct second_look second_look;
	struct violation_text *texts; /* of each step; empty for a step that reports nothing */
	enum cgfence_action *taken;   /* by each step so far */
	bool *ended;		      /* for each violation that was reported before */
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

void cgfence_reconciler_free(struct cgfence_reconciler *reconciler)
{
	if (!reconciler)
		return;
	for (size_t i = 0; i < reconciler->count; i++)
		violation_text_free(&reconciler->texts[i]);
	holders_iterator_free(reconciler->iterator);
	port_fence_cache_free(&reconciler->fences);
	free(reconciler->reported);
	free(reconciler->texts);
	free(reconciler);
}

bool cgfence_reconciler_uses_iterator(const struct cgfence_reconciler *reconciler)
{
	return reconciler->iterator;
}

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

/* Return: the index of a new record, or RECONCILE_NOT_REPORTED if out of memory. */
static size_t remember(struct cgfence_reconciler *reconciler)
{
	if (reconciler->count == reconciler->capacity) {
		size_t capacity = reconciler->capacity ? 2 * reconciler->capacity : 16;
		struct violation_text *texts;
		struct reported *reported =
			reallocarray(reconciler->reported, capacity, sizeof(*reported));

		if (!reported)
			return RECONCILE_NOT_REPORTED;
		reconciler->reported = reported;
		texts = reallocarray(reconciler->texts, capacity, sizeof(*texts));
		if (!texts)
			return RECONCILE_NOT_REPORTED;
		reconciler->texts = texts;
		reconciler->capacity = capacity;
	}
	reconciler->texts[reconciler->count] = (struct violation_text){ 0 };
	return reconciler->count++;
}

static const struct sighting *sighting_of(const struct pass *pass, size_t step)
{
	return &pass->observation->sightings[pass->plan->steps[step].sighting];
}

/* Is there nothing to do, and nothing new to report? */
static bool is_old(const struct pass *pass, const struct reconcile_step *step)
{
	return step->reported != RECONCILE_NOT_REPORTED && step->response == RECONCILE_LOG &&
	       pass->reconciler->reported[step->reported].action == CGFENCE_ACTION_LOGGED;
}

/* Before the first action, since a killed process can no longer be described. */
static int describe_all(struct pass *pass)
{
	for (size_t i = 0; i < pass->plan->count; i++) {
		const struct reconcile_step *step = &pass->plan->steps[i];

		if (step->kind == RECONCILE_ACT && !is_old(pass, step) &&
		    violation_describe(pass->observation, sighting_of(pass, i), &pass->texts[i]))
			return -ENOMEM;
	}
	return 0;
}

static bool is_at_or_below(const struct port_fences *fences, size_t fence, size_t above)
{
	while (fence != above && fence != PORT_FENCE_NONE)
		fence = fences->items[fence].above;
	return fence == above;
}

/* The action of the earlier step that removed the listener of this one; CGFENCE_ACTION_NONE if no step did. */
static enum cgfence_action find_cause(const struct pass *pass, size_t step)
{
	const struct sighting *sighting = sighting_of(pass, step);
	enum cgfence_action cause = CGFENCE_ACTION_NONE;

	for (size_t i = 0; i < step; i++) {
		const struct sighting *other = sighting_of(pass, i);

		if (pass->taken[i] == CGFENCE_ACTION_KILLED &&
		    is_at_or_below(&pass->observation->fences, sighting->fence, other->fence))
			return CGFENCE_ACTION_KILLED;
		if ((pass->taken[i] == CGFENCE_ACTION_CLOSED ||
		     pass->taken[i] == CGFENCE_ACTION_KILLED) &&
		    other->listener == sighting->listener)
			cause = CGFENCE_ACTION_CLOSED;
	}
	return cause;
}

static int report_step(struct pass *pass, size_t step, const struct act_result *result)
{
	struct cgfence_reconciler *reconciler = pass->reconciler;
	size_t index = pass->plan->steps[step].reported;

	if (index == RECONCILE_NOT_REPORTED) {
		index = remember(reconciler);
		if (index == RECONCILE_NOT_REPORTED)
			return -ENOMEM;
		reconcile_plan_key(pass->observation, sighting_of(pass, step),
				   &reconciler->reported[index].key);
	} else if (!is_news(reconciler->reported[index].action, pass->taken[step])) {
		return 0;
	}
	reconciler->reported[index].action = pass->taken[step];
	violation_text_free(&reconciler->texts[index]);
	reconciler->texts[index] = pass->texts[step];
	pass->texts[step] = (struct violation_text){ 0 };
	give_report(pass->reporter, &reconciler->texts[index], false, pass->taken[step],
		    result->failure.text);
	return 0;
}

static int act_and_report(struct pass *pass, size_t step)
{
	struct act_result result;

	if (is_old(pass, &pass->plan->steps[step])) {
		pass->taken[step] = CGFENCE_ACTION_LOGGED;
		return 0;
	}
	act_on(pass->observation, sighting_of(pass, step), &pass->second_look, &result);
	pass->taken[step] = result.gone ? find_cause(pass, step) : result.action;
	return pass->taken[step] == CGFENCE_ACTION_NONE ? 0 : report_step(pass, step, &result);
}

/* A dump may miss a socket while others come and go before it in the table, so look for the socket itself. */
static bool has_ended(const struct observation *observation, const struct violation_key *key)
{
	struct listener listener = {
		.cookie = key->cookie,
		.ip_protocol = key->ip_protocol,
		.port = key->port,
	};

	for (size_t i = 0; i < observation->listeners.count; i++) {
		/* The socket exists, but is no longer in the fence or no longer in excess. */
		if (observation->listeners.items[i].cookie == key->cookie)
			return true;
	}
	for (size_t i = 0; i < observation->netns_count; i++) {
		bool contains = true;

		if (sock_diag_contains(observation->netns[i], &listener, &contains, NULL) ||
		    contains)
			return false;
	}
	return true;
}

static void report_end(struct pass *pass, size_t index)
{
	const struct cgfence_reconciler *reconciler = pass->reconciler;

	if (!has_ended(pass->observation, &reconciler->reported[index].key))
		return;
	pass->ended[index] = true;
	give_report(pass->reporter, &reconciler->texts[index], true,
		    reconciler->reported[index].action, "");
}

static void forget(struct cgfence_reconciler *reconciler, const bool *ended, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < reconciler->count; i++) {
		if (i < count && ended[i]) {
			violation_text_free(&reconciler->texts[i]);
			continue;
		}
		reconciler->reported[kept] = reconciler->reported[i];
		reconciler->texts[kept++] = reconciler->texts[i];
	}
	reconciler->count = kept;
}

static int take_steps(struct pass *pass, size_t known)
{
	int result = describe_all(pass);

	for (size_t i = 0; i < pass->plan->count && result == 0; i++) {
		if (pass->plan->steps[i].kind == RECONCILE_END)
			report_end(pass, pass->plan->steps[i].reported);
		else
			result = act_and_report(pass, i);
	}
	forget(pass->reconciler, pass->ended, known);
	for (size_t i = 0; i < pass->plan->count; i++)
		violation_text_free(&pass->texts[i]);
	return result;
}

static int carry_out(struct cgfence_reconciler *reconciler, const struct observation *observation,
		     const struct reconcile_plan *plan, const struct reporter *reporter,
		     size_t *in_excess)
{
	cleanup_free struct violation_text *texts = calloc(plan->count + 1, sizeof(*texts));
	cleanup_free enum cgfence_action *taken = calloc(plan->count + 1, sizeof(*taken));
	cleanup_free bool *ended = calloc(reconciler->count + 1, sizeof(*ended));
	struct pass pass = {
		.reconciler = reconciler,
		.observation = observation,
		.plan = plan,
		.reporter = reporter,
		.second_look.iterator = reconciler->iterator,
		.texts = texts,
		.taken = taken,
		.ended = ended,
	};
	int result;

	if (!texts || !taken || !ended)
		return -ENOMEM;
	for (size_t i = 0; i < plan->count; i++)
		taken[i] = CGFENCE_ACTION_NONE;
	result = take_steps(&pass, reconciler->count);
	second_look_free(&pass.second_look);
	/* A listener that the second look found no longer in excess does not count. */
	for (size_t i = 0; i < plan->count; i++)
		*in_excess += taken[i] != CGFENCE_ACTION_NONE;
	return result;
}

static int settle(struct cgfence_reconciler *reconciler, const struct observation *observation,
		  uint64_t fence_id, const struct reporter *reporter, size_t *in_excess,
		  struct cgfence_error *error)
{
	struct reconcile_plan plan = { 0 };
	int result = reconcile_plan_make(observation, fence_id, reconciler->reported,
					 reconciler->count, &plan);

	if (result == 0)
		result = carry_out(reconciler, observation, &plan, reporter, in_excess);
	reconcile_plan_free(&plan);
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
	struct observation observation;
	size_t count = 0;
	int seen = observe(&scope, &observation, error);
	/* Act on an incomplete observation too, and return the first failure. */
	int settled =
		settle(reconciler, &observation, fence_id, &reporter, &count, seen ? NULL : error);

	observation_free(&observation);
	*in_excess = count;
	return seen ? seen : settled;
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
		result = settle(reconciler, &observation, event->cgroup_id, &reporter, &count,
				error);
	observation_free(&observation);
	return result;
}

int cgfence_fence_report_excess(uint64_t fence_id, cgfence_report *report, void *context,
				struct cgfence_error *error)
{
	const struct reporter reporter = { .report = report, .context = context };
	const struct observation_scope scope = { .fence_id = fence_id };
	struct observation observation;
	struct reconcile_plan plan = { 0 };
	int result = observe(&scope, &observation, error);

	if (result == 0 && reconcile_plan_make(&observation, fence_id, NULL, 0, &plan))
		result = error_out_of_memory(error);
	for (size_t i = 0; i < plan.count && result == 0; i++) {
		const struct sighting *sighting = &observation.sightings[plan.steps[i].sighting];
		struct violation_text text;

		if (violation_describe(&observation, sighting, &text)) {
			result = error_out_of_memory(error);
			break;
		}
		give_report(&reporter, &text, false, CGFENCE_ACTION_NONE, "");
		violation_text_free(&text);
	}
	reconcile_plan_free(&plan);
	observation_free(&observation);
	return result;
}
