// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/followed.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "report/handles.h"

#include <cgfence/standing.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct found {
	struct followed_denial *denials;
	size_t count;
	size_t capacity;
};

static void release_fence(struct followed_fence *fence)
{
	cgfence_fence_close(fence->fence);
	free(fence->name);
	free(fence->records);
}

void followed_release(struct followed *followed)
{
	for (size_t i = 0; i < followed->count; i++)
		release_fence(&followed->fences[i]);
	free(followed->fences);
	*followed = (struct followed){ .only = followed->only, .cgroup = followed->cgroup };
}

/* Return: false if out of memory. */
static bool find_name(struct followed_fence *fence)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	const char *pattern = cgfence_fence_pattern(fence->fence);

	if (pattern) {
		fence->shown = true;
		fence->name = strdup(pattern);
		return fence->name;
	}
	fence->shown = cgfence_cgroup_open_id(fence->id, &cgroup, NULL) == 0;
	if (fence->shown)
		fence->name = strdup(cgfence_cgroup_path(cgroup));
	else if (asprintf(&fence->name, "id:%llu", (unsigned long long)fence->id) < 0)
		fence->name = NULL;
	return fence->name;
}

/* A fence whose policy was replaced may have other maps, so each fence is opened again. */
static int open_fence(struct followed_fence *fence, struct followed_fence *known,
		      struct cgfence_error *error)
{
	int result = cgfence_fence_open(fence->id, &fence->fence, error);

	if (result || !known)
		return result ? result : find_name(fence) ? 0 : error_out_of_memory(error);
	fence->name = cleanup_steal(known->name);
	fence->shown = known->shown;
	fence->records = cleanup_steal(known->records);
	fence->count = known->count;
	fence->is_behind = true;
	return 0;
}

static struct followed_fence *find_known(const struct followed *followed, uint64_t id, size_t *at)
{
	while (*at < followed->count && followed->fences[*at].id < id)
		++*at;
	if (*at < followed->count && followed->fences[*at].id == id)
		return &followed->fences[*at];
	return NULL;
}

/* Of the standing fences one may come to have the cgroup as a member. */
static bool is_followed(const struct followed *followed, uint64_t id)
{
	if (followed->cgroup)
		return id == followed->cgroup || cgfence_standing_is_id(id);
	return !followed->only || id == followed->only;
}

int followed_refresh(struct followed *followed, struct cgfence_error *error)
{
	struct followed new = { .only = followed->only, .cgroup = followed->cgroup };
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	size_t at = 0;
	int result = cgfence_fence_list(&ids, &count, error);

	if (result)
		return result;
	new.fences = calloc(count + 1, sizeof(*new.fences));
	if (!new.fences)
		return error_out_of_memory(error);
	for (size_t i = 0; i < count; i++) {
		struct followed_fence *fence = &new.fences[new.count];
		struct cgfence_error fence_error = { 0 };
		int code;

		if (!is_followed(&new, ids[i]))
			continue;
		fence->id = ids[i];
		code = open_fence(fence, find_known(followed, ids[i], &at), &fence_error);
		if (code == 0)
			new.count++;
		else
			release_fence(fence);
		if (code == 0 || code == -ENOENT)
			continue;
		memset(fence, 0, sizeof(*fence));
		result = code;
		if (error)
			*error = fence_error;
	}
	followed_release(followed);
	*followed = new;
	return result;
}

static int compare_subjects(const void *left, const void *right)
{
	const struct cgfence_member_denial *a = left;
	const struct cgfence_member_denial *b = right;

	int order = memcmp(&a->record.subject, &b->record.subject, sizeof(a->record.subject));

	return order ? order : a->member < b->member ? -1 : a->member > b->member;
}

static int compare_times(const void *left, const void *right)
{
	const struct followed_denial *a = left;
	const struct followed_denial *b = right;

	return a->denial.record.last_ns < b->denial.record.last_ns
		       ? -1
		       : a->denial.record.last_ns > b->denial.record.last_ns;
}

/* Was this record read before? A record that was dropped and made again has a later first refusal. */
static bool is_known(const struct followed_fence *fence, const struct cgfence_member_denial *record)
{
	const struct cgfence_member_denial *known = NULL;

	if (fence->count)
		known = bsearch(record, fence->records, fence->count, sizeof(*record),
				compare_subjects);
	return known && known->record.count == record->record.count &&
	       known->record.first_ns == record->record.first_ns;
}

/* @cgroup: of whose refusals is told; 0 for all */
static int add_new(struct found *found, const struct followed_fence *fence, uint64_t cgroup,
		   const struct cgfence_member_denial *records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct followed_denial *denials;

		if (cgroup && records[i].member && records[i].member != cgroup)
			continue;
		if (is_known(fence, &records[i]))
			continue;
		denials = array_with_room(found->denials, found->count, &found->capacity,
					  sizeof(*denials));
		if (!denials)
			return -ENOMEM;
		found->denials = denials;
		denials[found->count++] = (struct followed_denial){ fence, records[i] };
	}
	return 0;
}

/* Counters come first: they take one look-up, the records many. */
static int read_fence(struct followed_fence *fence, uint64_t cgroup, struct found *found,
		      struct cgfence_error *error)
{
	struct cgfence_member_denial *records = NULL;
	struct cgfence_counters counters;
	size_t count = 0;
	bool is_changed;
	int result = cgfence_fence_read_counters(fence->fence, &counters, error);

	if (result)
		return result;
	is_changed = memcmp(&counters, &fence->counters, sizeof(counters)) != 0;
	if (!is_changed && !fence->is_behind)
		return 0;
	result = cgfence_fence_read_member_denials(fence->fence, &records, &count, error);
	if (result)
		return result;
	if (add_new(found, fence, cgroup, records, count)) {
		free(records);
		return error_out_of_memory(error);
	}
	qsort(records, count, sizeof(*records), compare_subjects);
	free(fence->records);
	fence->records = records;
	fence->count = count;
	fence->counters = counters;
	fence->is_behind = is_changed;
	return 0;
}

int followed_read(struct followed *followed, struct followed_denial **denials, size_t *count,
		  struct cgfence_error *error)
{
	struct found found = { 0 };
	int result = 0;

	for (size_t i = 0; i < followed->count; i++) {
		struct cgfence_error fence_error = { 0 };
		int code = read_fence(&followed->fences[i], followed->cgroup, &found, &fence_error);

		if (code && result == 0 && error)
			*error = fence_error;
		result = result ? result : code;
	}
	if (found.count)
		qsort(found.denials, found.count, sizeof(*found.denials), compare_times);
	*denials = found.denials;
	*count = found.count;
	return result;
}
