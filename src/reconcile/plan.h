/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Plans the steps for an observation; a pure function. */
#pragma once

#include "reconcile/known.h"

enum reconcile_step_kind {
	RECONCILE_ACT, /* the sighting is in excess */
	RECONCILE_END, /* the known violation has ended */
};

enum reconcile_response {
	RECONCILE_LOG,
	RECONCILE_CLOSE,
	RECONCILE_KILL,
};

struct reconcile_step {
	enum reconcile_step_kind kind;
	enum reconcile_response response; /* RECONCILE_ACT */
	size_t sighting;		  /* RECONCILE_ACT */
	size_t known; /* index of the known violation; KNOWN_NONE if it is new */
};

struct reconcile_plan {
	struct reconcile_step *steps; /* ends first, then kills, then the others */
	size_t count;
};

/** reconcile_plan_key() - the key of a sighting. */
void reconcile_plan_key(const struct observation *observation, const struct sighting *sighting,
			struct violation_key *key);

/** reconcile_plan_response() - the response of a policy to excess listeners. */
enum reconcile_response reconcile_plan_response(const struct cgfence_image *image);

/**
 * reconcile_plan_make() - compare the observation with what is known.
 * @fence_id: of the only fence that was observed, 0 for all
 * @known: the violations that were found earlier and have not ended
 * @older: how many of them, the first ones, are older than the observation; the others cannot be missing in it
 * @plan: receives the steps, to be given to reconcile_plan_free()
 *
 * An incomplete observation ends no violation.
 *
 * Return: 0 or -ENOMEM.
 */
int reconcile_plan_make(const struct observation *observation, uint64_t fence_id,
			const struct known *known, size_t older, struct reconcile_plan *plan);

/** reconcile_plan_free() - free the steps. */
void reconcile_plan_free(struct reconcile_plan *plan);
