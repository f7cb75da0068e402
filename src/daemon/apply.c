// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/apply.h"
#include "base/boot_time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* How long a slice goes on with the next step; a step takes some milliseconds. */
#define SLICE_NS (50 * 1000 * 1000ULL)

/* So long after one of its steps was put off the next round comes. */
#define PUT_OFF_NS (20 * 1000 * 1000ULL)

/* After planning it rests for so many times as long, so that constant changes take at most a tenth of a processor. */
#define REST_FACTOR 9

#define READ_FLAGS                                                    \
	(CGFENCE_POLICY_SET_EMPTY_OK | CGFENCE_POLICY_SET_ROOT_ONLY | \
	 CGFENCE_POLICY_SET_UNRESOLVED_OK)

int watch_apply_open(struct watch_apply *apply, const char *path, struct cgfence_error *error)
{
	apply->path = path;
	return path ? cgfence_apply_monitor_open(path, &apply->monitor, error) : 0;
}

/* A plan is void once its policies change. */
static void drop_plan(struct watch_apply *apply)
{
	cgfence_apply_plan_free(apply->plan);
	apply->plan = NULL;
	apply->next = 0;
}

void watch_apply_close(struct watch_apply *apply)
{
	drop_plan(apply);
	cgfence_apply_monitor_close(apply->monitor);
	cgfence_policy_set_free(apply->policies);
	watch_errors_free(&apply->errors);
	watch_errors_free(&apply->load_errors);
}

int watch_apply_fd(const struct watch_apply *apply)
{
	return apply->monitor ? cgfence_apply_monitor_fd(apply->monitor) : -1;
}

static void want_now(struct watch_apply *apply)
{
	drop_plan(apply);
	apply->wanted = true;
	apply->not_before_ns = 0;
}

/* Return: are they valid? If not, those of the last time stay, and so does a plan for them. */
static bool read_policies(struct watch_apply *apply, struct watch_events *output)
{
	struct cgfence_policy_set *policies = NULL;
	struct cgfence_error error = { 0 };

	/* An empty directory may be filled later; fences stay until somebody detaches them. */
	apply->failed = cgfence_policy_set_read(apply->path, READ_FLAGS, &policies, &error) != 0;
	if (apply->failed)
		watch_errors_add(&apply->load_errors, error.text, output);
	watch_errors_turn(&apply->load_errors);
	if (apply->failed)
		return false;
	want_now(apply);
	cgfence_policy_set_take_over(policies, apply->policies);
	cgfence_policy_set_free(apply->policies);
	apply->policies = policies;
	return true;
}

void watch_apply_load(struct watch_apply *apply, struct watch_events *output)
{
	if (!apply->path)
		return;
	want_now(apply);
	read_policies(apply, output);
}

static void refresh(struct watch_apply *apply)
{
	if (apply->policies && cgfence_policy_set_refresh(apply->policies, READ_FLAGS))
		want_now(apply);
}

void watch_apply_look(struct watch_apply *apply, struct watch_events *output)
{
	if (!apply->path)
		return;
	if (!cgfence_apply_monitor_sees_files(apply->monitor))
		watch_apply_load(apply, output);
	/* What mends a failure need not be a change that is seen, such as one of what a link leads to. */
	else if (!apply->failed || !read_policies(apply, output))
		refresh(apply);
	apply->wanted = true;
}

void watch_apply_changed(struct watch_apply *apply, struct watch_events *output)
{
	unsigned int changed = cgfence_apply_monitor_read(apply->monitor);

	if (changed & CGFENCE_APPLY_CHANGED_FILES)
		watch_apply_load(apply, output);
	if (changed & CGFENCE_APPLY_CHANGED_CGROUPS)
		apply->wanted = true;
}

void watch_apply_devices(struct watch_apply *apply)
{
	refresh(apply);
}

uint64_t watch_apply_wait_ns(const struct watch_apply *apply)
{
	uint64_t now_ns = boot_time_ns();

	if (apply->plan)
		return 0;
	if (!apply->wanted || !apply->policies)
		return UINT64_MAX;
	return apply->not_before_ns > now_ns ? apply->not_before_ns - now_ns : 0;
}

/* What does not keep a round from being made. */
static void report_problems(struct watch_apply *apply, struct watch_events *output)
{
	const char *problem = cgfence_apply_monitor_problem(apply->monitor);
	struct cgfence_error text;

	if (*problem) {
		snprintf(text.text, sizeof(text.text),
			 "%s; until then some changes are seen only at the interval", problem);
		watch_errors_add(&apply->errors, text.text, output);
	}
	for (size_t i = 0; cgfence_policy_set_origin(apply->policies, i); i++) {
		const struct cgfence_error *error = cgfence_policy_set_error(apply->policies, i);

		if (error)
			watch_errors_add(&apply->errors, error->text, output);
	}
}

static void end_round(struct watch_apply *apply)
{
	uint64_t again_ns = boot_time_ns() + PUT_OFF_NS;

	if (apply->put_off) {
		apply->wanted = true;
		apply->put_off = false;
		if (apply->not_before_ns < again_ns)
			apply->not_before_ns = again_ns;
	}
	drop_plan(apply);
	watch_errors_turn(&apply->errors);
}

/* Return: is there a plan to act on? */
static bool begin_round(struct watch_apply *apply, struct watch_events *output)
{
	uint64_t begin_ns = boot_time_ns();
	struct cgfence_error error = { 0 };

	apply->wanted = false;
	/* Follow before planning: the plan finds the cgroups that exist, and the monitor reports all later ones. */
	if (cgfence_apply_monitor_follow(apply->monitor, apply->policies, &error))
		watch_errors_add(&apply->errors, error.text, output);
	report_problems(apply, output);
	if (cgfence_apply_plan_make(apply->policies,
				    CGFENCE_APPLY_MISSING_OK | CGFENCE_APPLY_FAIL_ALONE |
					    CGFENCE_APPLY_PATIENT,
				    &apply->plan, &error)) {
		watch_errors_add(&apply->errors, error.text, output);
		end_round(apply);
	}
	apply->not_before_ns = boot_time_ns() + REST_FACTOR * (boot_time_ns() - begin_ns);
	return apply->plan;
}

/* Return: was a fence attached or replaced? */
static bool act(struct watch_apply *apply, struct watch_events *output)
{
	const struct cgfence_apply_step *step = cgfence_apply_plan_step(apply->plan, apply->next);
	struct cgfence_error error = { 0 };
	bool gone = false;
	int result;

	switch (step->action) {
	case CGFENCE_APPLY_ATTACH:
	case CGFENCE_APPLY_REPLACE:
		break;
	case CGFENCE_APPLY_FAIL:
		watch_errors_add(&apply->errors, step->reason, output);
		return false;
	default:
		return false;
	}
	/* A failure for one cgroup does not stop the others. */
	result = cgfence_apply_plan_act(apply->plan, apply->next, &gone, &error);
	if (result == -EAGAIN || result == -ETIMEDOUT)
		apply->put_off = true;
	if (result == -EAGAIN)
		return false;
	if (result) {
		watch_errors_add(&apply->errors, error.text, output);
		return false;
	}
	if (!gone)
		watch_events_applied(output, step->cgroup, step->origin);
	return !gone;
}

size_t watch_apply_work(struct watch_apply *apply, struct watch_events *output)
{
	uint64_t begin_ns = boot_time_ns();
	size_t applied = 0;

	if (watch_apply_wait_ns(apply) || (!apply->plan && !begin_round(apply, output)))
		return 0;
	while (cgfence_apply_plan_step(apply->plan, apply->next)) {
		if (boot_time_ns() - begin_ns >= SLICE_NS)
			return applied;
		applied += act(apply, output);
		apply->next++;
	}
	end_round(apply);
	return applied;
}
