/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Plans the steps for an observation; a pure function. */
#pragma once

#include "reconcile/observation.h"

#include <cgfence/reconcile.h>

/* The identity of a violation from pass to pass (spec section 5). */
struct violation_key {
	uint64_t fence_id;
	uint64_t cookie; /* of the socket */
	int ip_protocol;
	int domain;
	uint16_t port; /* host order */
	uint8_t address[16];
};

/* A violation that was reported and has not ended yet. */
struct reported {
	struct violation_key key;
	enum cgfence_action action;
};

enum reconcile_step_kind {
	RECONCILE_ACT, /* the sighting is in excess */
	RECONCILE_END, /* the reported violation has ended */
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
	size_t reported; /* index of the earlier report; RECONCILE_NOT_REPORTED if it is new */
};

#define RECONCILE_NOT_REPORTED ((size_t)-1)

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
 * reconcile_plan_make() - compare the observation with the earlier reports.
 * @fence_id: of the only fence that was observed, 0 for all
 * @reported: the violations that were reported and have not ended
 * @plan: receives the steps, to be given to reconcile_plan_free()
 *
 * An incomplete observation ends no violation.
 *
 * Return: 0 or -ENOMEM.
 */
int reconcile_plan_make(const struct observation *observation, uint64_t fence_id,
			const struct reported *reported, size_t reported_count,
			struct reconcile_plan *plan);

/** reconcile_plan_free() - free the steps. */
void reconcile_plan_free(struct reconcile_plan *plan);
