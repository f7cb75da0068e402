/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is to be done about what was observed: a pure function. */
#pragma once

#include "reconcile/observe.h"
#include "policy/port_set.h"

#include <cgfence/reconcile.h>

/* By which a violation is known from pass to pass (spec section 5). */
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

enum plan_step_kind {
	PLAN_ACT, /* the sighting is in excess */
	PLAN_END, /* the violation that was reported is no more */
};

enum plan_action {
	PLAN_LOG,
	PLAN_CLOSE,
	PLAN_KILL,
};

struct plan_step {
	enum plan_step_kind kind;
	enum plan_action action; /* PLAN_ACT */
	size_t sighting;	 /* PLAN_ACT */
	size_t reported; /* index of what was reported before; PLAN_NOT_REPORTED if it is new */
};

#define PLAN_NOT_REPORTED ((size_t)-1)

struct plan {
	struct plan_step *steps; /* ends first, then kills, then the others */
	size_t count;
};

/** plan_key() - the key of a sighting. */
void plan_key(const struct observation *observation, const struct sighting *sighting,
	      struct violation_key *key);

/** plan_action_for() - what a policy wants done about excess listeners. */
enum plan_action plan_action_for(const struct cgfence_image *image);

/**
 * plan_make() - compare what is with what was reported.
 * @fence_id: of the only fence that was looked at, 0 for all
 * @reported: what was reported and has not ended
 * @plan: receives the steps, to be given to plan_free()
 *
 * Nothing ends by an observation that is not complete.
 *
 * Return: 0 or -ENOMEM.
 */
int plan_make(const struct observation *observation, uint64_t fence_id,
	      const struct reported *reported, size_t reported_count, struct plan *plan);

/** plan_free() - free the steps. */
void plan_free(struct plan *plan);

/**
 * plan_excess_ports() - every port that is in excess in a fence.
 * @fence: index of the fence
 * @ports: receives them, of both families alike
 */
void plan_excess_ports(const struct observation *observation, size_t fence,
		       enum cgfence_protocol protocol, struct port_set *ports);
