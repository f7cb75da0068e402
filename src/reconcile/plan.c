// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/plan.h"
#include "policy/policy.h"
#include "reconcile/excess.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void reconcile_plan_key(const struct observation *observation, const struct sighting *sighting,
			struct violation_key *key)
{
	const struct listener *listener = &observation->listeners.items[sighting->listener];

	key->fence_id = observation->fences.items[sighting->fence].id;
	key->cookie = listener->cookie;
	key->ip_protocol = listener->ip_protocol;
	key->domain = listener->domain;
	key->port = listener->port;
	memcpy(key->address, &listener->address, sizeof(key->address));
}

enum reconcile_response reconcile_plan_response(const struct cgfence_image *image)
{
	if (!image->enforce)
		return RECONCILE_LOG;
	switch (image->ports.on_violation) {
	case POLICY_ON_VIOLATION_CLOSE:
		return RECONCILE_CLOSE;
	case POLICY_ON_VIOLATION_KILL:
		return RECONCILE_KILL;
	default:
		return RECONCILE_LOG;
	}
}

static bool same_key(const struct violation_key *a, const struct violation_key *b)
{
	return a->fence_id == b->fence_id && a->cookie == b->cookie &&
	       a->ip_protocol == b->ip_protocol && a->domain == b->domain && a->port == b->port &&
	       memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static size_t find_reported(const struct reported *reported, size_t count,
			    const struct violation_key *key)
{
	for (size_t i = 0; i < count; i++) {
		if (same_key(&reported[i].key, key))
			return i;
	}
	return RECONCILE_NOT_REPORTED;
}

/* Kills come before other actions, since one kill may end several violations. Equals keep the order of sightings. */
static int compare_steps(const void *left, const void *right)
{
	const struct reconcile_step *a = left;
	const struct reconcile_step *b = right;
	int a_rank = a->kind == RECONCILE_END ? 0 : a->response == RECONCILE_KILL ? 1 : 2;
	int b_rank = b->kind == RECONCILE_END ? 0 : b->response == RECONCILE_KILL ? 1 : 2;

	if (a_rank != b_rank)
		return a_rank - b_rank;
	if (a->kind == RECONCILE_END)
		return a->reported < b->reported ? -1 : a->reported > b->reported;
	return a->sighting < b->sighting ? -1 : a->sighting > b->sighting;
}

/* Marks in @present the reported violations that still exist. */
static void add_violations(const struct observation *observation, const struct reported *reported,
			   size_t reported_count, bool *present, struct reconcile_plan *plan)
{
	for (size_t i = 0; i < observation->sighting_count; i++) {
		const struct sighting *sighting = &observation->sightings[i];
		struct reconcile_step *step = &plan->steps[plan->count];
		struct violation_key key;

		if (!excess_is(observation, sighting))
			continue;
		reconcile_plan_key(observation, sighting, &key);
		*step = (struct reconcile_step){
			.kind = RECONCILE_ACT,
			.response = reconcile_plan_response(
				observation->fences.items[sighting->fence].image),
			.sighting = i,
			.reported = find_reported(reported, reported_count, &key),
		};
		if (step->reported != RECONCILE_NOT_REPORTED)
			present[step->reported] = true;
		plan->count++;
	}
}

int reconcile_plan_make(const struct observation *observation, uint64_t fence_id,
			const struct reported *reported, size_t reported_count,
			struct reconcile_plan *plan)
{
	bool *present = calloc(reported_count + 1, sizeof(*present));
	struct reconcile_plan made = {
		.steps = calloc(observation->sighting_count + reported_count + 1,
				sizeof(*made.steps)),
	};

	if (!present || !made.steps) {
		free(present);
		free(made.steps);
		return -ENOMEM;
	}
	add_violations(observation, reported, reported_count, present, &made);
	for (size_t i = 0; i < reported_count && observation->complete; i++) {
		if (!present[i] && (!fence_id || reported[i].key.fence_id == fence_id))
			made.steps[made.count++] =
				(struct reconcile_step){ .kind = RECONCILE_END, .reported = i };
	}
	free(present);
	qsort(made.steps, made.count, sizeof(*made.steps), compare_steps);
	*plan = made;
	return 0;
}

void reconcile_plan_free(struct reconcile_plan *plan)
{
	free(plan->steps);
	*plan = (struct reconcile_plan){ 0 };
}
