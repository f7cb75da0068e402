// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "standing.h"
#include "fence/standing.h"
#include "kernel/member_host.h"

#include <string.h>

const char *standing_pattern(const char *below)
{
	static char patterns[16][512];
	static unsigned int next;
	char *pattern = patterns[next++ % 16];

	snprintf(pattern, sizeof(patterns[0]), "%s/%s", cgfence_cgroup_path(harness_cgroup()),
		 below);
	return pattern;
}

void standing_skip_if_refused(void)
{
	if (standing_is_refused())
		harness_skip("this kernel takes no standing fences");
}

enum cgfence_attach_result standing_attach(const char *below, const char *json)
{
	struct cgfence_policy *policy = harness_policy(json);
	enum cgfence_attach_result result = CGFENCE_UNCHANGED;
	struct cgfence_error error = { 0 };
	int code = cgfence_standing_attach(standing_pattern(below), policy, 0, &result, &error);

	cgfence_policy_free(policy);
	if (code)
		standing_skip_if_refused();
	cr_assert_eq(code, 0, "%s", error.text);
	return result;
}

static uint64_t find(const char *below)
{
	struct cgfence_error error = { 0 };
	uint64_t id = 0;

	cr_assert_eq(cgfence_standing_find(standing_pattern(below), &id, &error), 0, "%s",
		     error.text);
	return id;
}

struct cgfence_fence *standing_open(const char *below)
{
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_fence_open(find(below), &fence, &error), 0, "%s", error.text);
	return fence;
}

size_t standing_member_count(const char *below)
{
	struct cgfence_fence *fence = standing_open(below);
	struct cgfence_error error = { 0 };
	uint64_t *ids = NULL;
	size_t count = 0;

	cr_assert_eq(cgfence_fence_read_members(fence, &ids, &count, &error), 0, "%s", error.text);
	free(ids);
	cgfence_fence_close(fence);
	return count;
}

size_t standing_count_places(void)
{
	cleanup_member_host struct member_host host = MEMBER_HOST_CLOSED;
	size_t count = 0;

	cr_assert_eq(member_host_enter(&host, false, NULL), 0);
	for (size_t i = 0; i < CGFENCE_PLACES; i++)
		count += host.places.places[i].fence_id != 0;
	return count;
}

void standing_detach(const char *below)
{
	struct cgfence_error error = { 0 };
	bool detached = false;

	cr_assert_eq(cgfence_fence_detach(find(below), &detached, &error), 0, "%s", error.text);
	cr_assert(detached);
}

void standing_end(void)
{
	uint64_t *ids = NULL;
	size_t count = 0;

	if (cgfence_fence_list(&ids, &count, NULL) == 0) {
		for (size_t i = 0; i < count; i++) {
			bool detached;

			if (cgfence_standing_is_id(ids[i]))
				cgfence_fence_detach(ids[i], &detached, NULL);
		}
		free(ids);
	}
	harness_end();
}
