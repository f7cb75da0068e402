// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/fences.h"
#include "base/error.h"
#include "report/handles.h"
#include "report/output.h"
#include "report/table.h"

#include <errno.h>
#include <stdio.h>

struct report {
	fence_reporter *add;
	void *context;
	int status;
};

static int open_fence(const char *name, struct cgfence_cgroup **cgroup,
		      struct cgfence_fence **fence, struct cgfence_error *error)
{
	int result = cgfence_cgroup_open(name, cgroup, error);

	if (result)
		return result;
	result = cgfence_fence_open(cgfence_cgroup_id(*cgroup), fence, error);
	if (result == -ENOENT)
		error_set(error, ENOENT, "%s has no fence of its own",
			  cgfence_cgroup_path(*cgroup));
	return result;
}

int fences_find(const char *name, uint64_t *id, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	cleanup_fence struct cgfence_fence *fence = NULL;
	int result = open_fence(name, &cgroup, &fence, error);

	if (result == 0)
		*id = cgfence_cgroup_id(cgroup);
	return result;
}

static int visit_one(const char *name, struct report *report)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	cleanup_fence struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };

	if (open_fence(name, &cgroup, &fence, &error) ||
	    report->add(&(struct cgfence_fence_visit){ .id = cgfence_cgroup_id(cgroup),
						       .cgroup = cgroup,
						       .fence = fence },
			report->context, &error))
		return output_failure(&error);
	return STATUS_DONE;
}

static void visit_each(const struct cgfence_fence_visit *visit, void *context)
{
	struct cgfence_error error = { 0 };
	struct report *report = context;

	if (visit->error)
		report->status = output_failure(visit->error);
	else if (report->add(visit, report->context, &error))
		report->status = output_failure(&error);
}

static int visit_wanted(const char *name, fence_reporter *add, void *context)
{
	struct report report = { add, context, STATUS_DONE };
	struct cgfence_error error = { 0 };

	if (name) {
		cgfence_fence_sweep_some();
		return visit_one(name, &report);
	}
	cgfence_fence_sweep();
	if (cgfence_fence_visit_all(visit_each, &report, &error))
		return output_failure(&error);
	return report.status;
}

int fences_report(const char *name, const struct table_column *columns, fence_reporter *add_row,
		  fence_reporter *add_json)
{
	struct table *table;
	json_t *list;
	int status;

	if (add_json) {
		list = json_array();
		status = visit_wanted(name, add_json, list);
		return output_json(list) == STATUS_DONE ? status : STATUS_FAILED;
	}
	table = table_new(columns);
	status = visit_wanted(name, add_row, table);
	table_print(table);
	return status;
}

void fences_name(const struct cgfence_fence_visit *visit, char name[FENCES_NAME_SIZE])
{
	if (visit->cgroup)
		snprintf(name, FENCES_NAME_SIZE, "%s", cgfence_cgroup_path(visit->cgroup));
	else
		snprintf(name, FENCES_NAME_SIZE, "id:%llu", (unsigned long long)visit->id);
}

const char *fences_mode(const struct cgfence_fence_visit *visit)
{
	return cgfence_policy_enforces(cgfence_fence_policy(visit->fence)) ? "enforce" : "audit";
}

unsigned long long fences_denied(const struct cgfence_fence_visit *visit)
{
	const struct cgfence_counters *counters = cgfence_fence_counters(visit->fence);
	unsigned long long denied = 0;

	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++)
		denied += cgfence_counters_denied(counters, (enum cgfence_hook)hook);
	return denied;
}

json_t *fences_json_path(const struct cgfence_fence_visit *visit)
{
	return visit->cgroup ? output_json_string(cgfence_cgroup_path(visit->cgroup)) : json_null();
}
