// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/fences.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/named.h"
#include "report/array.h"
#include "report/handles.h"
#include "report/output.h"
#include "report/table.h"

#include <errno.h>
#include <stdio.h>

struct report {
	fence_reporter *add;
	void *context;
	bool as_json;
	struct array_output array; /* where context goes after each fence */
	size_t count;		   /* of the fences so far, readable or not */
	int status;
};

static int push(struct report *report)
{
	return report->as_json ? array_print(&report->array, report->context) : STATUS_DONE;
}

static int add_to(struct report *report, const struct cgfence_fence_visit *visit)
{
	struct cgfence_error error = { 0 };

	return report->add(visit, report->context, &error) ? output_failure(&error) : push(report);
}

/* Adds what the standing fences have of a cgroup that is a member. @found: receives whether there is one */
static int visit_member(const struct cgfence_cgroup *member, struct report *report, bool *found)
{
	struct cgfence_error error = { 0 };
	cleanup_free uint64_t *ids = NULL;
	int status = STATUS_DONE;
	size_t count = 0;

	if (cgfence_standing_of(cgfence_cgroup_id(member), &ids, &count, &error))
		return output_failure(&error);
	*found = *found || count;
	for (size_t i = 0; i < count && status == STATUS_DONE; i++) {
		cleanup_cgroup struct cgfence_cgroup *anchor = NULL;
		cleanup_fence struct cgfence_fence *fence = NULL;

		if (cgfence_fence_open(ids[i], &fence, &error) ||
		    named_open_anchor(fence, &anchor, &error))
			return output_failure(&error);
		status = add_to(report, &(struct cgfence_fence_visit){ .id = ids[i],
								       .cgroup = anchor,
								       .member = member,
								       .fence = fence });
	}
	return status;
}

/* A cgroup with a fence of its own may be a member too, and both are reported. */
static int visit_one(const char *name, struct report *report)
{
	cleanup_named struct named_fence named = { 0 };
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	int result = named_open(name, false, &named, &error);
	bool found = result == 0;
	int status = STATUS_DONE;

	if (result && result != -ENOENT)
		return output_failure(&error);
	if (found)
		status = add_to(report, &(struct cgfence_fence_visit){ .id = named.id,
								       .cgroup = named.cgroup,
								       .fence = named.fence });
	if (status == STATUS_DONE && !cgfence_standing_is_id(named.id) &&
	    cgfence_cgroup_open(name, &cgroup, NULL) == 0)
		status = visit_member(cgroup, report, &found);
	return found || status != STATUS_DONE ? status : output_failure(&error);
}

/* It may have been detached since it was read, and attached again. Return: 0, -ENOENT if it is gone, another number. */
static int add_again(const struct cgfence_fence_visit *visit, struct report *report,
		     struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	struct cgfence_fence_visit again = *visit;
	int result = cgfence_fence_open(visit->id, &fence, error);

	again.fence = fence;
	return result ? result : report->add(&again, report->context, error);
}

static void visit_each(const struct cgfence_fence_visit *visit, void *context)
{
	struct report *report = context;
	struct cgfence_error error = { 0 };
	int result = visit->error ? -EIO : report->add(visit, report->context, &error);
	int status;

	if (result && !visit->error)
		result = add_again(visit, report, &error);
	if (result == -ENOENT)
		return;
	report->count++;
	status = result ? output_failure(visit->error ? visit->error : &error) : push(report);
	if (status != STATUS_DONE)
		report->status = status;
}

/* Of a status that lists nothing the reader would think that there is nothing. */
static void tell_of_hidden(void)
{
	size_t count = 0;

	if (cgfence_fence_count_hidden(&count, NULL) || !count)
		return;
	output_complain(
		"%zu cgroup%s of this host %s fences of cgfence that are not visible here, because they are pinned in another bpffs than the one on /sys/fs/bpf",
		count, count == 1 ? "" : "s", count == 1 ? "has" : "have");
}

static int visit_wanted(const char *name, struct report *report)
{
	struct cgfence_error error = { 0 };

	if (name) {
		cgfence_fence_sweep_some();
		return visit_one(name, report);
	}
	cgfence_fence_sweep();
	if (cgfence_fence_visit_all(visit_each, report, &error))
		return output_failure(&error);
	return report->status;
}

static int print(const char *name, const struct table_column *columns, struct report *report)
{
	struct table *table = table_new(columns);
	int status;

	report->context = table;
	status = visit_wanted(name, report);
	table_print(table);
	return status;
}

static int print_json(const char *name, struct report *report)
{
	json_t *list = json_array();
	int status;

	report->as_json = true;
	report->context = list;
	status = visit_wanted(name, report);
	json_decref(list);
	array_end(&report->array);
	return status;
}

int fences_report(const char *name, const struct table_column *columns, fence_reporter *add_row,
		  fence_reporter *add_json)
{
	struct report report = { .add = add_json ? add_json : add_row, .status = STATUS_DONE };

	return add_json ? print_json(name, &report) : print(name, columns, &report);
}

int fences_report_state(const char *name, const struct table_column *columns,
			fence_reporter *add_row, fence_reporter *add_json)
{
	struct report report = { .add = add_json ? add_json : add_row, .status = STATUS_DONE };
	int status = add_json ? print_json(name, &report) : print(name, columns, &report);

	output_push();
	if (cgfence_bpffs_is_private())
		output_complain(
			"the bpffs on /sys/fs/bpf belongs to this mount namespace, which is not that of PID 1; the fences in it end with the namespace");
	if (!name && !report.count && status == STATUS_DONE)
		tell_of_hidden();
	return status;
}

/* NULL if no mount shows it. */
static const char *path_of(const struct cgfence_fence_visit *visit)
{
	const char *pattern = cgfence_fence_pattern(visit->fence);

	if (visit->member)
		return cgfence_cgroup_path(visit->member);
	if (pattern)
		return pattern;
	return visit->cgroup ? cgfence_cgroup_path(visit->cgroup) : NULL;
}

void fences_name(const struct cgfence_fence_visit *visit, char name[FENCES_NAME_SIZE])
{
	const char *path = path_of(visit);

	if (path)
		snprintf(name, FENCES_NAME_SIZE, "%s", path);
	else
		snprintf(name, FENCES_NAME_SIZE, "id:%llu", (unsigned long long)visit->id);
}

const char *fences_mode(const struct cgfence_fence_visit *visit)
{
	return cgfence_policy_enforces(cgfence_fence_policy(visit->fence)) ? "enforce" : "audit";
}

/* A member that is gone since has none. */
struct cgfence_counters fences_counters(const struct cgfence_fence_visit *visit)
{
	struct cgfence_counters counters = { 0 };

	if (!visit->member)
		return *cgfence_fence_counters(visit->fence);
	cgfence_fence_read_member_counters(visit->fence, cgfence_cgroup_id(visit->member),
					   &counters, NULL);
	return counters;
}

unsigned long long fences_denied(const struct cgfence_fence_visit *visit)
{
	const struct cgfence_counters counters = fences_counters(visit);
	unsigned long long denied = 0;

	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++)
		denied += cgfence_counters_denied(&counters, (enum cgfence_hook)hook);
	return denied;
}

json_t *fences_json_path(const struct cgfence_fence_visit *visit)
{
	const char *path = path_of(visit);

	return path ? output_json_string(path) : json_null();
}
