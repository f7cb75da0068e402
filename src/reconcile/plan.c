// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/plan.h"
#include "base/cleanup.h"
#include "policy/policy.h"
#include "reconcile/excess.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void reconcile_plan_key(const struct observation *observation, const struct sighting *sighting,
			struct violation_key *key)
{
	const struct listener *listener = &observation->listeners.items[sighting->listener];
	const struct port_fence *fence = &observation->fences.items[sighting->fence];

	key->fence_id = port_fence_identity(fence);
	key->member_id = fence->standing_id ? fence->id : 0;
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
		return a->known < b->known ? -1 : a->known > b->known;
	return a->sighting < b->sighting ? -1 : a->sighting > b->sighting;
}

/* Marks in @present which of the first @may_end known violations still exist. */
static void add_violations(const struct observation *observation, const struct known *known,
			   size_t may_end, bool *present, struct reconcile_plan *plan)
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
			.known = known_find(known, &key),
		};
		if (step->known < may_end)
			present[step->known] = true;
		plan->count++;
	}
}

int reconcile_plan_make(const struct observation *observation, uint64_t fence_id,
			const struct known *known, size_t older, struct reconcile_plan *plan)
{
	/* An event of one socket costs the same however many violations are known. */
	size_t may_end = observation->complete ? older : 0;
	cleanup_free bool *present = may_end ? calloc(may_end, sizeof(*present)) : NULL;
	struct reconcile_plan made = {
		.steps = calloc(observation->sighting_count + may_end + 1, sizeof(*made.steps)),
	};

	if ((may_end && !present) || !made.steps) {
		free(made.steps);
		return -ENOMEM;
	}
	add_violations(observation, known, may_end, present, &made);
	for (size_t i = 0; i < may_end; i++) {
		if (!present[i] && (!fence_id || known->items[i].key.fence_id == fence_id))
			made.steps[made.count++] =
				(struct reconcile_step){ .kind = RECONCILE_END, .known = i };
	}
	qsort(made.steps, made.count, sizeof(*made.steps), compare_steps);
	*plan = made;
	return 0;
}

void reconcile_plan_free(struct reconcile_plan *plan)
{
	free(plan->steps);
	*plan = (struct reconcile_plan){ 0 };
}
