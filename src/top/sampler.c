// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/sampler.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "report/denial.h"
#include "report/handles.h"
#include "report/printable.h"

#include <cgfence/standing.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Between two looks at the keyboard. */
#define STEP_ROWS 100

/* A fence that is open has at most so many descriptors. */
#define DESCRIPTORS_EACH 12
#define DESCRIPTORS_ELSE 200

void sampler_init(struct sampler *sampler)
{
	struct rlimit limit = { .rlim_cur = 1024, .rlim_max = 1024 };

	*sampler = (struct sampler){ 0 };
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit))
			getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur > DESCRIPTORS_ELSE)
		sampler->open_max = (limit.rlim_cur - DESCRIPTORS_ELSE) / DESCRIPTORS_EACH;
}

void sampler_release(struct sampler *sampler)
{
	rows_release(&sampler->rows);
	cgfence_fence_close(sampler->of);
	free(sampler->pattern);
	*sampler = (struct sampler){ .open_max = sampler->open_max };
}

int sampler_enter(struct sampler *sampler, uint64_t id, struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_free char *pattern = NULL;
	int result = cgfence_fence_open(id, &fence, error);

	if (result)
		return result;
	if (!cgfence_fence_pattern(fence))
		return error_set(error, EINVAL, "it is on one cgroup and has no members");
	pattern = printable_copy(cgfence_fence_pattern(fence));
	if (!pattern)
		return error_out_of_memory(error);
	sampler_release(sampler);
	sampler->of = cleanup_steal(fence);
	sampler->of_id = id;
	sampler->pattern = cleanup_steal(pattern);
	return 0;
}

/* The policy may be another one than at the last turn, or the fence gone. */
static int list_members(struct sampler *sampler, uint64_t **ids, size_t *count,
			struct cgfence_error *error)
{
	struct cgfence_fence *fence = NULL;
	int result = cgfence_fence_open(sampler->of_id, &fence, error);

	if (result)
		return result;
	cgfence_fence_close(sampler->of);
	sampler->of = fence;
	return cgfence_fence_read_members(fence, ids, count, error);
}

int sampler_begin(struct sampler *sampler, struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result = sampler->of ? list_members(sampler, &ids, &count, error)
				 : cgfence_fence_list(&ids, &count, error);

	if (result)
		return result;
	if (rows_match(&sampler->rows, ids, count))
		return error_out_of_memory(error);
	sampler->open = 0;
	for (size_t i = 0; i < count; i++)
		sampler->open += sampler->rows.items[i].fence != NULL;
	turn_begin(&sampler->turn, count);
	return 0;
}

/* ---- fences ---- */

static char *name_by_id(uint64_t id)
{
	char *name;

	return asprintf(&name, "id:%llu", (unsigned long long)id) < 0 ? NULL : name;
}

static char *name_of(uint64_t id, const struct cgfence_fence *fence)
{
	const char *pattern = cgfence_fence_pattern(fence);
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	if (pattern)
		return printable_copy(pattern);
	return cgfence_cgroup_open_id(id, &cgroup, NULL)
		       ? name_by_id(id)
		       : printable_copy(cgfence_cgroup_path(cgroup));
}

static void describe(struct top_row *row, const struct cgfence_fence *fence)
{
	const struct cgfence_policy *policy = cgfence_fence_policy(fence);
	const char *name = cgfence_policy_name(policy);

	free(row->name);
	row->name = name ? printable_copy(name) : NULL;
	row->enforces = cgfence_policy_enforces(policy);
	row->has_ports = cgfence_policy_fences(policy, CGFENCE_TOPIC_PORTS);
}

static void close_row(struct sampler *sampler, struct top_row *row)
{
	sampler->open -= row->fence != NULL;
	cgfence_fence_close(row->fence);
	row->fence = NULL;
}

static void count_row(struct sampler *sampler, struct top_row *row)
{
	struct cgfence_counters counters;

	if (cgfence_fence_read_counters(row->fence, &counters, NULL) == 0)
		row_sample(row, &counters, boot_time_ns());
	else
		close_row(sampler, row);
}

/* Leaves the fence open. */
static void open_row(struct sampler *sampler, struct top_row *row)
{
	struct cgfence_fence *fence = NULL;

	close_row(sampler, row);
	row->failed = cgfence_fence_open(row->id, &fence, NULL);
	if (row->failed) {
		if (!row->cgroup)
			row->cgroup = name_by_id(row->id);
		return;
	}
	row->fence = fence;
	sampler->open++;
	if (!row->sampled_ns) {
		free(row->cgroup);
		row->cgroup = name_of(row->id, fence);
	}
	row->is_standing = cgfence_fence_pattern(fence);
	row->members = 0;
	cgfence_fence_count_members(fence, &row->members, NULL);
	describe(row, fence);
	row_sample(row, cgfence_fence_counters(fence), boot_time_ns());
}

static void step_fence(struct sampler *sampler, struct top_row *row)
{
	switch (turn_next(&sampler->turn, row->fence)) {
	case TURN_OPEN:
		open_row(sampler, row);
		if (sampler->open > sampler->open_max)
			close_row(sampler, row);
		break;
	case TURN_COUNT:
		count_row(sampler, row);
		break;
	case TURN_SKIP:
	default:
		break;
	}
}

/* ---- members ---- */

static char *name_member(const struct cgfence_fence *fence, uint64_t member)
{
	cleanup_free char *path = denial_member_path(fence, member);

	return path ? printable_copy(path) : NULL;
}

static void read_member(struct sampler *sampler, struct top_row *row)
{
	struct cgfence_counters counters;

	/* Its path is looked up once. */
	if (!row->cgroup)
		row->cgroup = name_member(sampler->of, row->id);
	describe(row, sampler->of);
	/* One that is removed just now is no failure, and gone at the next turn. */
	if (cgfence_fence_read_member_counters(sampler->of, row->id, &counters, NULL) == 0)
		row_sample(row, &counters, boot_time_ns());
}

bool sampler_step(struct sampler *sampler)
{
	for (int i = 0; i < STEP_ROWS && turn_has_more(&sampler->turn); i++) {
		struct top_row *row = &sampler->rows.items[turn_row(&sampler->turn)];

		if (!sampler->of)
			step_fence(sampler, row);
		else if (turn_next(&sampler->turn, row->cgroup) != TURN_SKIP)
			read_member(sampler, row);
	}
	return turn_has_more(&sampler->turn);
}

/* ---- single rows ---- */

static void read_subjects_of(const struct cgfence_fence *fence, const struct top_row *row,
			     bool is_member, struct top_looks *looks)
{
	cleanup_free struct cgfence_member_denial *denials = NULL;
	size_t count = 0;

	if (cgfence_fence_read_member_denials(fence, &denials, &count, NULL))
		return;
	/* The last ones are at the end, and no more of them are kept. */
	for (size_t i = count; i-- > 0;) {
		cleanup_free char *path = NULL;

		if (!denials[i].record.count || (is_member && denials[i].member != row->id))
			continue;
		if (looks->subject_count == LOOKS_SUBJECTS_MAX &&
		    looks->subjects[LOOKS_SUBJECTS_MAX - 1].record.last_ns >=
			    denials[i].record.last_ns)
			continue;
		path = denial_member_path(fence, denials[i].member);
		looks_add_subject(looks, &denials[i].record,
				  path		? path
				  : row->cgroup ? row->cgroup
						: "?");
	}
}

void sampler_read_subjects(struct sampler *sampler, const size_t *places, size_t count,
			   struct top_looks *looks)
{
	looks_forget_subjects(looks);
	for (size_t i = 0; i < count; i++) {
		struct top_row *row = &sampler->rows.items[places[i]];

		if (!row_total(row))
			continue;
		if (!sampler->of && !row->fence)
			open_row(sampler, row);
		if (sampler->of || row->fence)
			read_subjects_of(sampler->of ? sampler->of : row->fence, row, sampler->of,
					 looks);
	}
}

struct look {
	struct top_looks *looks;
	uint64_t fence;
};

static void report(const struct cgfence_violation *violation, void *context)
{
	const struct look *look = context;

	if (!violation->ended)
		looks_add_listener(look->looks, look->fence, violation);
}

static void take_over(struct top_row *row, const struct look *look, const char *cgroup)
{
	row->looked = true;
	row->excess = looks_count_excess(look->looks, look->fence, cgroup);
}

bool sampler_look(struct sampler *sampler, size_t place, struct top_looks *looks)
{
	struct top_row *row = &sampler->rows.items[place];
	struct look look = { looks, sampler->of ? sampler->of_id : row->id };

	if (!row->has_ports)
		return false;
	looks_forget_listeners(looks, look.fence);
	cgfence_fence_report_excess(look.fence, report, &look, NULL);
	if (!sampler->of)
		take_over(row, &look, NULL);
	for (size_t i = 0; sampler->of && i < sampler->rows.count; i++)
		take_over(&sampler->rows.items[i], &look, sampler->rows.items[i].cgroup);
	return true;
}

bool sampler_look_on(struct sampler *sampler, struct top_looks *looks)
{
	if (!sampler->rows.count)
		return false;
	sampler->next_look = (sampler->next_look + 1) % sampler->rows.count;
	return sampler_look(sampler, sampler->next_look, looks);
}
