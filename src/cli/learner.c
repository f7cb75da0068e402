// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/learner.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "report/handles.h"

#include <cgfence/reconcile.h>
#include <cgfence/standing.h>
#include <cgfence/watch.h>
#include <string.h>

/* At a time. */
#define EVENTS_MAX 1024

/* Sockets that were made before, or come from elsewhere, pass no hook. */
#define LOOK_NS 1000000000ULL

static int attach(const char *name, const struct cgfence_cgroup *cgroup,
		  const struct cgfence_policy *policy, unsigned int flags, uint64_t *id,
		  struct cgfence_error *error)
{
	enum cgfence_attach_result attached;
	int result;

	flags |= CGFENCE_ATTACH_LEARN | CGFENCE_ATTACH_NEW;
	if (name)
		result = cgfence_standing_attach(name, policy, flags, &attached, error);
	else
		result = cgfence_fence_attach(cgroup, policy, flags, &attached, error);
	if (result == -EEXIST)
		return error_set(
			error, EEXIST,
			"%s has a fence already, and learning needs one that refuses nothing; detach that first",
			name ? name : cgfence_cgroup_path(cgroup));
	if (result)
		return result;
	*id = name ? 0 : cgfence_cgroup_id(cgroup);
	return name ? cgfence_standing_find(name, id, error) : 0;
}

int learner_begin(const char *name, const struct cgfence_cgroup *cgroup,
		  const struct cgfence_policy *model, unsigned int flags, struct learner *learner,
		  struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	int result = cgfence_lesson_policy_of(model, &policy, error);

	if (result == 0)
		result = cgfence_lesson_new(&learner->lesson, error);
	if (result == 0)
		result = attach(name, cgroup, policy, flags, &learner->id, error);
	if (result == 0)
		result = cgfence_fence_open(learner->id, &learner->fence, error);
	return result ? result : cgfence_events_open_learning(learner->id, &learner->events, error);
}

static void add_listener(const struct cgfence_violation *violation, void *context)
{
	struct learner *learner = context;

	if (!violation->rest && !violation->ended)
		cgfence_lesson_add_listener(learner->lesson, violation->protocol, violation->family,
					    violation->port, violation->pid, violation->comm,
					    violation->time_ns, &learner->error);
}

static bool is_removed(uint64_t id)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	return !(id & CGFENCE_STANDING_ID) && cgfence_cgroup_open_id(id, &cgroup, NULL) == -ENOENT;
}

/* A fence that somebody has changed meanwhile tells nothing any more. One that went with its cgroup has told all. */
static int check_fence(const struct learner *learner, struct cgfence_error *error)
{
	struct cgfence_error found = { 0 };
	int result = cgfence_fence_check_learning(learner->fence, &found);

	if (result == 0 || (result == -ENOENT && is_removed(learner->id)))
		return 0;
	*error = found;
	return result;
}

static void look_around(struct learner *learner)
{
	uint64_t now_ns = boot_time_ns();

	if (now_ns - learner->looked_ns < LOOK_NS)
		return;
	learner->looked_ns = now_ns;
	if (check_fence(learner, &learner->error) == 0)
		cgfence_fence_report_excess(learner->id, add_listener, learner, NULL);
}

static int take_events(struct learner *learner, struct cgfence_error *error)
{
	struct cgfence_event list[EVENTS_MAX];
	size_t count = EVENTS_MAX;
	int result = 0;

	while (result == 0 && count == EVENTS_MAX) {
		result = cgfence_events_read(learner->events, list, EVENTS_MAX, &count, error);
		for (size_t i = 0; i < count && result == 0; i++)
			result = cgfence_lesson_add(learner->lesson, &list[i].record, error);
		learner->received += count;
	}
	return result;
}

void learner_tick(void *context)
{
	struct learner *learner = context;

	if (!*learner->error.text && take_events(learner, &learner->error) == 0)
		look_around(learner);
}

static uint64_t count_requests(const struct cgfence_counters *counters)
{
	uint64_t sum = 0;

	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++)
		sum += counters->refusals[hook][CGFENCE_VERDICT_AUDITED];
	return sum;
}

/* What found no room in the ring buffer has a record, unless too many have. */
static int add_missing(struct learner *learner, const struct cgfence_counters *counters,
		       struct cgfence_error *error)
{
	uint64_t missing = count_requests(counters) - learner->received;
	cleanup_free struct cgfence_denial_record *records = NULL;
	size_t count = 0;
	int result = cgfence_fence_read_denials(learner->fence, &records, &count, error);

	for (size_t i = 0; i < count && result == 0; i++)
		result = cgfence_lesson_add_missing(learner->lesson, &records[i], error);
	if (result == 0 && counters->evicted)
		result = error_set(
			error, EOVERFLOW,
			"%llu requests were missed, because they came faster than they could be read; give it more processor time and learn again",
			(unsigned long long)missing);
	return result;
}

static int check_whole(struct learner *learner, struct cgfence_error *error)
{
	struct cgfence_counters counters;
	int result = check_fence(learner, error);

	if (result == 0)
		result = cgfence_fence_read_counters(learner->fence, &counters, error);
	if (result == 0)
		result = take_events(learner, error);
	if (result || count_requests(&counters) <= learner->received)
		return result;
	return add_missing(learner, &counters, error);
}

int learner_finish(struct learner *learner, struct cgfence_error *error)
{
	int result = 0;

	learner->looked_ns = 0;
	learner_tick(learner);
	if (*learner->error.text)
		result = error_set(error, EIO, "%s", learner->error.text);
	else
		result = check_whole(learner, error);
	if (result)
		error_wrap(error, "cannot tell all that was used");
	return result;
}

int learner_end(const struct learner *learner, struct cgfence_error *error)
{
	struct cgfence_error found = { 0 };
	bool detached;
	int result;

	if (!learner->fence)
		return learner->id ? cgfence_fence_detach(learner->id, &detached, error) : 0;
	result = cgfence_fence_end_learning(learner->fence, &found);
	if (result == 0 || result == -ENOENT || result == -EBUSY)
		return 0;
	if (error)
		*error = found;
	return result;
}

void learner_release(struct learner *learner)
{
	cgfence_events_close(learner->events);
	cgfence_fence_close(learner->fence);
	cgfence_lesson_free(learner->lesson);
	*learner = (struct learner){ 0 };
}
