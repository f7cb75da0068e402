/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A cgroup of the scenario that runs. */
#pragma once

#include "scenario.h"

#include <cgfence/cgfence.h>
#include <jansson.h>

struct place {
	const struct scenario_place *plan;
	struct cgfence_cgroup *cgroup;
	char policy_path[2][128]; /* of the policy before and after */
	json_t *status[2];	  /* likewise, what status says; NULL if there is no fence */
	json_int_t denied;	  /* how many devices were refused when it was last asked */
};

/* What status says. */
struct seen {
	json_t *status; /* what must be equal of two fences with the same policy; NULL if there is no fence */
	json_int_t generation;
	json_int_t denied;
};

/** place_read_status() - ask for the fence. Return: false, with a complaint, if the command fails. */
bool place_read_status(const struct place *place, struct seen *seen);

/** place_check_verdicts() - does each verdict follow one of two policies? Else complain of what was seen @when. */
bool place_check_verdicts(const struct place *place, const char *one, const char *other,
			  const char *when);

/**
 * place_find_state() - which policy is in force, as status says it, and whether it holds.
 * @seen: receives the numbers; its status is not kept
 * @after: receives whether it is the new one
 *
 * Return: false, with a complaint, if it is neither or does not hold.
 */
bool place_find_state(struct place *place, struct seen *seen, bool *after);
