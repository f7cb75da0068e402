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
	size_t count; /* of the fences so far, readable or not */
	int status;
};

int fences_open(const char *name, struct cgfence_cgroup **cgroup, struct cgfence_fence **fence,
		struct cgfence_error *error)
{
	struct cgfence_error hidden = { 0 };
	int result = cgfence_cgroup_open(name, cgroup, error);

	if (result)
		return result;
	result = cgfence_fence_open(cgfence_cgroup_id(*cgroup), fence, error);
	if (result && result != -ENOENT)
		return result;
	if (cgfence_fence_check_hidden(*cgroup, &hidden) == -EBUSY) {
		if (result)
			return error_set(error, EBUSY, "%s", hidden.text);
		output_complain("besides the fence that is visible, %s", hidden.text);
	}
	return result ? error_set(error, ENOENT, "%s has no fence of its own",
				  cgfence_cgroup_path(*cgroup))
		      : 0;
}

int fences_find(const char *name, uint64_t *id, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	cleanup_fence struct cgfence_fence *fence = NULL;
	int result = fences_open(name, &cgroup, &fence, error);

	if (result == 0)
		*id = cgfence_cgroup_id(cgroup);
	return result;
}

static int visit_one(const char *name, struct report *report)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	cleanup_fence struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };

	if (fences_open(name, &cgroup, &fence, &error) ||
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

	report->count++;
	if (visit->error)
		report->status = output_failure(visit->error);
	else if (report->add(visit, report->context, &error))
		report->status = output_failure(&error);
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

	report->context = list;
	status = visit_wanted(name, report);
	return output_json(list) == STATUS_DONE ? status : STATUS_FAILED;
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

	fflush(stdout);
	if (cgfence_bpffs_is_private())
		output_complain(
			"the bpffs on /sys/fs/bpf belongs to this mount namespace, which is not that of PID 1; the fences in it end with the namespace");
	if (!name && !report.count && status == STATUS_DONE)
		tell_of_hidden();
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
