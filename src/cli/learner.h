/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A fence that learns, and its lesson. */
#pragma once

#include <cgfence/learn.h>

struct learner {
	uint64_t id;		     /* of the fence */
	struct cgfence_fence *fence; /* as it was attached */
	struct cgfence_events *events;
	struct cgfence_lesson *lesson;
	struct cgfence_error error; /* the first of learner_tick(); empty if none */
	uint64_t received;
	uint64_t looked_ns; /* when listeners and the fence were looked for */
};

/**
 * learner_begin() - attach a fence that learns.
 * @name: a pattern; NULL to attach to @cgroup
 * @model: what it is to fence, as cgfence_lesson_policy_of() takes it
 * @flags: enum cgfence_attach_flags, beside those of learning
 * @learner: zeroed; to be given to learner_release() also on failure
 *
 * Return: 0, -EEXIST if there is a fence already, another -errno.
 */
int learner_begin(const char *name, const struct cgfence_cgroup *cgroup,
		  const struct cgfence_policy *model, unsigned int flags, struct learner *learner,
		  struct cgfence_error *error);

/** learner_tick() - take in what was used since the last call; @context is a struct learner. */
void learner_tick(void *context);

/**
 * learner_finish() - take in the rest.
 *
 * Return: 0, -errno if something was missed, or an earlier call failed.
 */
int learner_finish(struct learner *learner, struct cgfence_error *error);

/**
 * learner_end() - detach the fence, unless somebody else has made it another.
 *
 * Return: 0, -errno if it may be there still.
 */
int learner_end(const struct learner *learner, struct cgfence_error *error);

/** learner_release() - close it; the fence stays. */
void learner_release(struct learner *learner);

#define cleanup_learner __attribute__((cleanup(learner_release)))
