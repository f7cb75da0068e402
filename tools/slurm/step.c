// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "step.h"

#include <cgfence/standing.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fences of a step: that of the administrator on all tasks, that of the user on each. */
enum place { ALL_TASKS, EACH_TASK, PLACE_COUNT };

struct step {
	char tasks[PATH_MAX];	/* the cgroup of all tasks, .../job_12/step_0/user */
	char pattern[PATH_MAX]; /* the same with the last digit of the job in brackets */
};

static int fail(struct cgfence_error *error, int result, const char *text)
{
	if (error)
		snprintf(error->text, sizeof(error->text), "%s", text);
	return result;
}

/*
 * A standing fence is attached to the deepest cgroup that its pattern names plainly. With a pattern for the job, that is the
 * one above all jobs, where Slurm attaches nothing.
 */
static bool make_pattern(struct step *step)
{
	const char *job = strstr(step->tasks, "/job_");
	const char *end = job ? strchr(job + 1, '/') : NULL;

	if (!end || end == job + strlen("/job_") || strpbrk(step->tasks, "*?["))
		return false;
	return snprintf(step->pattern, sizeof(step->pattern), "%.*s[%c]%s",
			(int)(end - 1 - step->tasks), step->tasks, end[-1],
			end) < (int)sizeof(step->pattern);
}

/* A task is in .../step_0/user/task_0, and slurmstepd in .../step_0/slurm. */
static int find_step(struct step *step, struct cgfence_error *error)
{
	struct cgfence_cgroup *own = NULL;
	int result = cgfence_cgroup_open("pid:self", &own, error);
	const char *found;
	const char *end;

	if (result)
		return result;
	found = strstr(cgfence_cgroup_path(own), "/step_");
	end = found ? strchr(found + 1, '/') : NULL;
	if (!end || snprintf(step->tasks, sizeof(step->tasks), "%.*s/user",
			     (int)(end - cgfence_cgroup_path(own)),
			     cgfence_cgroup_path(own)) >= (int)sizeof(step->tasks))
		end = NULL;
	cgfence_cgroup_close(own);
	if (!end || !make_pattern(step))
		return fail(
			error, -ENOENT,
			"the step has no cgroup of its own; Slurm needs CgroupPlugin=cgroup/v2");
	return 0;
}

static int name_place(const struct step *step, enum place place, char pattern[PATH_MAX])
{
	return snprintf(pattern, PATH_MAX, "%s%s", step->pattern,
			place == EACH_TASK ? "/task_*" : "") < PATH_MAX
		       ? 0
		       : -ENAMETOOLONG;
}

static int attach_above(const struct step *step, enum place place,
			const struct cgfence_policy *policy, struct cgfence_error *error)
{
	enum cgfence_attach_result attached;
	char pattern[PATH_MAX];
	int result = name_place(step, place, pattern);

	return result ? result : cgfence_standing_attach(pattern, policy, 0, &attached, error);
}

/* Beside the programs of Slurm if they let it, for that fence ends with the step whatever happens. */
static int attach(const struct step *step, enum place place, const struct cgfence_policy *policy,
		  bool *above, struct cgfence_error *error)
{
	enum cgfence_attach_result attached;
	struct cgfence_cgroup *tasks = NULL;
	int result = -EPERM;

	if (place == ALL_TASKS && !*above) {
		result = cgfence_cgroup_open(step->tasks, &tasks, error);
		if (result == 0)
			result = cgfence_fence_attach(tasks, policy, 0, &attached, error);
		cgfence_cgroup_close(tasks);
	}
	if (result != -EPERM)
		return result;
	*above = true;
	return attach_above(step, place, policy, error);
}

static int read_policy(const struct step_wish *wish, const char *name,
		       struct cgfence_policy **policy, struct cgfence_error *error)
{
	struct cgfence_policy *read = NULL;
	int result = cgfence_policy_read_named(wish->directory, name, &read, error);

	/* A policy without a "ports" section lets every port be used, with these or without. */
	if (result == 0 && wish->ports && cgfence_policy_fences(read, CGFENCE_TOPIC_PORTS)) {
		result = cgfence_policy_add_ports(read, "tcp", wish->ports, error);
		if (result == 0)
			result = cgfence_policy_add_ports(read, "udp", wish->ports, error);
	}
	if (result)
		cgfence_policy_free(read);
	else
		*policy = read;
	return result;
}

static int fence_by(const struct step_wish *wish, const char *name, const struct step *step,
		    enum place place, bool *above, struct cgfence_error *error)
{
	struct cgfence_policy *policy = NULL;
	int result = name ? read_policy(wish, name, &policy, error) : 0;

	if (policy)
		result = attach(step, place, policy, above, error);
	cgfence_policy_free(policy);
	return result;
}

int step_fence(const struct step_wish *wish, bool *above, struct cgfence_error *error)
{
	/* With one policy, it is for all tasks together. */
	const char *first = wish->mandatory ? wish->mandatory : wish->chosen;
	const char *second = wish->mandatory ? wish->chosen : NULL;
	struct step step;
	int result;

	if (!first)
		return 0;
	result = find_step(&step, error);
	if (result == 0)
		result = fence_by(wish, first, &step, ALL_TASKS, above, error);
	if (result == 0)
		result = fence_by(wish, second, &step, EACH_TASK, above, error);
	return result;
}

static int report_fence(uint64_t id, step_report *report, void *context,
			struct cgfence_error *error)
{
	struct cgfence_denial_record *records = NULL;
	struct cgfence_fence *fence = NULL;
	size_t count = 0;
	int result = cgfence_fence_open(id, &fence, error);

	if (result == 0)
		result = cgfence_fence_read_denials(fence, &records, &count, error);
	for (size_t i = 0; i < count; i++) {
		const struct cgfence_denial_subject *subject = &records[i].subject;
		char what[64];
		char line[128];

		/* A job chooses the names of its processes, so they are left out. */
		cgfence_denial_format(subject, what, sizeof(what));
		snprintf(line, sizeof(line), "%s %s, %llu times",
			 cgfence_verdict_name((enum cgfence_verdict)subject->verdict), what,
			 (unsigned long long)records[i].count);
		report(line, context);
	}
	free(records);
	cgfence_fence_close(fence);
	return result;
}

/* What is done with each fence of a step. */
struct visit {
	step_report *report; /* NULL: it is taken away */
	void *context;
};

static int visit_fence(uint64_t id, const struct visit *visit, struct cgfence_error *error)
{
	bool detached;
	int result;

	if (!visit->report)
		return cgfence_fence_detach(id, &detached, error);
	result = report_fence(id, visit->report, visit->context, error);
	return result == -ENOENT ? 0 : result;
}

static int visit_all(const struct visit *visit, struct cgfence_error *error)
{
	struct cgfence_cgroup *tasks = NULL;
	struct step step;
	int result = find_step(&step, error);

	if (result)
		return result;
	for (int place = 0; place < PLACE_COUNT && result == 0; place++) {
		char pattern[PATH_MAX];
		uint64_t id;

		if (name_place(&step, (enum place)place, pattern) == 0 &&
		    cgfence_standing_find(pattern, &id, NULL) == 0)
			result = visit_fence(id, visit, error);
	}
	if (result == 0 && cgfence_cgroup_open(step.tasks, &tasks, NULL) == 0)
		result = visit_fence(cgfence_cgroup_id(tasks), visit, error);
	cgfence_cgroup_close(tasks);
	return result;
}

int step_tell(step_report *report, void *context, struct cgfence_error *error)
{
	return visit_all(&(struct visit){ report, context }, error);
}

int step_end(struct cgfence_error *error)
{
	return visit_all(&(struct visit){ NULL, NULL }, error);
}
