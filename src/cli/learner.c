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

static void look_for_listeners(struct learner *learner)
{
	uint64_t now_ns = boot_time_ns();

	if (now_ns - learner->looked_ns < LOOK_NS)
		return;
	learner->looked_ns = now_ns;
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
		look_for_listeners(learner);
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

/* A fence whose policy somebody has replaced meanwhile tells nothing any more. One that is gone has told all. */
static int check_policy(const struct learner *learner, struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	int result = cgfence_fence_open(learner->id, &fence, error);

	if (result)
		return result == -ENOENT ? 0 : result;
	return cgfence_fence_generation(fence) == cgfence_fence_generation(learner->fence)
		       ? 0
		       : error_set(
				 error, EBUSY,
				 "the policy of the fence was replaced while it learnt; learn again");
}

static int check_whole(struct learner *learner, struct cgfence_error *error)
{
	struct cgfence_counters counters;
	int result = check_policy(learner, error);

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

void learner_release(struct learner *learner)
{
	cgfence_events_close(learner->events);
	cgfence_fence_close(learner->fence);
	cgfence_lesson_free(learner->lesson);
	*learner = (struct learner){ 0 };
}
