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
	json_t *status[2];	  /* likewise, from status; NULL if there is no fence */
	json_int_t denied;	  /* refused devices at the last look */
};

/* The output of status. */
struct seen {
	json_t *status; /* the parts that two fences with the same policy share; NULL if there is no fence */
	json_int_t generation;
	json_int_t denied;
};

/** place_read_status() - ask for the fence. Return: false, with a complaint, if the command fails. */
bool place_read_status(const struct place *place, struct seen *seen);

/** place_check_verdicts() - does each verdict follow one of two policies? Otherwise it complains, naming @when. */
bool place_check_verdicts(const struct place *place, const char *one, const char *other,
			  const char *when);

/**
 * place_find_state() - find the policy in force from status, and check that it holds.
 * @seen: receives the numbers; its status is not kept
 * @after: receives true for the new policy
 *
 * Return: false, with a complaint, if it is neither or does not hold.
 */
bool place_find_state(struct place *place, struct seen *seen, bool *after);

/** place_write_policies() - write the policies before and after to files, the latter in @directory. */
void place_write_policies(struct place *place, const char *directory);
