// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/apply.h"

#include <stdio.h>
#include <string.h>

int watch_apply_open(struct watch_apply *apply, const char *path, struct cgfence_error *error)
{
	apply->path = path;
	return path ? cgfence_apply_monitor_open(path, &apply->monitor, error) : 0;
}

void watch_apply_close(struct watch_apply *apply)
{
	cgfence_apply_monitor_close(apply->monitor);
	cgfence_policy_set_free(apply->policies);
}

int watch_apply_fd(const struct watch_apply *apply)
{
	return apply->monitor ? cgfence_apply_monitor_fd(apply->monitor) : -1;
}

/* Reports an error that lasts only once; an empty text ends it. */
static void report_error(struct watch_apply *apply, const char *text, struct watch_events *output)
{
	if (strcmp(apply->last_error, text) == 0)
		return;
	snprintf(apply->last_error, sizeof(apply->last_error), "%s", text);
	if (*text)
		watch_events_error(output, text);
}

void watch_apply_load(struct watch_apply *apply, struct watch_events *output)
{
	struct cgfence_policy_set *policies = NULL;
	struct cgfence_error error = { 0 };

	if (!apply->path)
		return;
	/* An empty directory may be filled later; fences stay until somebody detaches them. */
	if (cgfence_policy_set_read(apply->path,
				    CGFENCE_POLICY_SET_EMPTY_OK | CGFENCE_POLICY_SET_ROOT_ONLY,
				    &policies, &error)) {
		watch_events_error(output, error.text);
		return;
	}
	cgfence_policy_set_free(apply->policies);
	apply->policies = policies;
}

/* Return: 0, or -1 with @error. */
static int act(const struct cgfence_apply_plan *plan, size_t index, struct watch_events *output,
	       struct cgfence_error *error)
{
	const struct cgfence_apply_step *step = cgfence_apply_plan_step(plan, index);
	bool gone = false;

	if (step->action != CGFENCE_APPLY_ATTACH && step->action != CGFENCE_APPLY_REPLACE)
		return 0;
	if (cgfence_apply_plan_act(plan, index, &gone, error))
		return -1;
	if (!gone)
		watch_events_applied(output, step->cgroup, step->origin);
	return 0;
}

/* A failure for one cgroup does not stop the others. */
static int act_on_all(struct watch_apply *apply, struct watch_events *output,
		      struct cgfence_error *first)
{
	struct cgfence_apply_plan *plan = NULL;
	int result = 0;

	if (cgfence_apply_plan_make(apply->policies, CGFENCE_APPLY_MISSING_OK, &plan, first))
		return -1;
	for (size_t i = 0; cgfence_apply_plan_step(plan, i); i++) {
		struct cgfence_error error = { 0 };

		if (act(plan, i, output, &error) && result == 0) {
			result = -1;
			*first = error;
		}
	}
	cgfence_apply_plan_free(plan);
	return result;
}

void watch_apply_run(struct watch_apply *apply, struct watch_events *output)
{
	struct cgfence_error error = { 0 };

	if (!apply->policies)
		return;
	/* Follow before planning: the plan finds the cgroups that exist, and the monitor reports all later ones. */
	if (cgfence_apply_monitor_follow(apply->monitor, apply->policies, &error) ||
	    act_on_all(apply, output, &error))
		report_error(apply, error.text, output);
	else
		report_error(apply, "", output);
}

void watch_apply_changed(struct watch_apply *apply, struct watch_events *output)
{
	if (cgfence_apply_monitor_read(apply->monitor))
		watch_apply_load(apply, output);
	watch_apply_run(apply, output);
}
