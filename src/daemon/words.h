/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells of refusals, of each fence so many in a second and the number of the rest. */
#pragma once

#include "daemon/fences.h"
#include "daemon/intake.h"
#include "report/events.h"

/* So many lines of a fence in a second. */
#define WORDS_PER_FENCE 200

struct watch_words {
	struct watch_pace unknown; /* of all fences that are not known together */
	bool any_omitted;	   /* since words_tell_omitted() */
};

/** words_tell() - tell of what @intake has, and empty it. Those of fences that are not known are told without a name. */
void words_tell(struct watch_words *words, struct intake *intake, struct watch_fences *fences,
		struct watch_events *output);

/** words_has_unknown() - is there a refusal of a fence that is not known? */
bool words_has_unknown(const struct intake *intake, struct watch_fences *fences);

/** words_tell_omitted() - tell of how many were left out. */
void words_tell_omitted(struct watch_words *words, struct watch_fences *fences,
			struct watch_events *output);
