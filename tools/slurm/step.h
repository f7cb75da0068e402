/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fence of a step of a job. It goes by the cgroup that Slurm makes for the tasks of the step, and knows nothing of SPANK. */
#pragma once

#include <cgfence/cgfence.h>

/* What a step is to have; a NULL is not given. */
struct step_wish {
	const char *directory; /* of policies */
	const char *mandatory; /* the policy of the administrator, which holds for every step */
	const char *chosen;    /* the policy that the user chose, which holds beside it */
	const char *ports;     /* that are assigned beside those of the policies, for TCP and UDP */
};

/**
 * step_fence() - fence the tasks of the step that the calling process is in.
 * @above: receives whether the fence is above the programs of Slurm, which let no others in beside them
 *
 * Every task of a step may call it; the first one makes the fences.
 */
int step_fence(const struct step_wish *wish, bool *above, struct cgfence_error *error);

/** A function that is given a line of the report. */
typedef void step_report(const char *line, void *context);

/** step_tell() - report what the tasks of the step were refused; fine if it has no fence. */
int step_tell(step_report *report, void *context, struct cgfence_error *error);

/** step_end() - take the fences of the step away; fine if it has none. */
int step_end(struct cgfence_error *error);
