/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs of others that judge the same requests as a fence. */
#pragma once

#include <cgfence/cgfence.h>
#include <cgfence/foreign.h>
#include <jansson.h>

struct others {
	struct cgfence_foreign_program *programs;
	size_t count;
	void *blocks[CGFENCE_TOPIC_COUNT]; /* hold the paths of the programs */
};

/** others_add() - append the programs that judge a topic in a cgroup; call it once for each topic. */
int others_add(const struct cgfence_cgroup *cgroup, enum cgfence_topic topic, struct others *others,
	       struct cgfence_error *error);

/** others_of_fence() - append the programs that judge the same topics as the fence of the cgroup. */
int others_of_fence(const struct cgfence_cgroup *cgroup, const struct cgfence_fence *fence,
		    struct others *others, struct cgfence_error *error);

/** other_json() - a new object for a program, with the owner of its cgroup. */
json_t *other_json(const struct cgfence_foreign_program *program);

/** others_json() - a new array with an object for each program. */
json_t *others_json(const struct others *others);

/** others_json_adopted() - the same of programs whose place a fence has taken. */
json_t *others_json_adopted(const struct cgfence_foreign_program *programs, size_t count);

/** others_print() - the names, or #ID, separated by commas, as many as fit into @size bytes; "-" if there are none. */
void others_print(const struct others *others, char *names, size_t size);

/** others_release() - free the list. */
void others_release(struct others *others);

#define cleanup_others __attribute__((cleanup(others_release)))
