// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/fences.h"
#include "cli/command.h"
#include "report/output.h"
#include "cgroup/cgroup.h"
#include "base/cleanup.h"
#include "fence/fence.h"
#include "fence/sweep.h"
#include "cgroup/hierarchy.h"

#include <errno.h>
#include <stdio.h>

static int visit_one(const char *name, fence_visitor *visit, void *context)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	cleanup_fence struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	int result;

	if (cgfence_cgroup_open(name, &cgroup, &error))
		return output_failure(&error);
	result = cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, &error);
	if (result == -ENOENT) {
		fprintf(stderr, "cgfence: %s has no fence of its own.\n",
			cgfence_cgroup_path(cgroup));
		return STATUS_FAILED;
	}
	if (result || visit(cgroup, fence, context, &error))
		return output_failure(&error);
	return STATUS_DONE;
}

static int visit_id(const struct hierarchy *hierarchy, uint64_t id, fence_visitor *visit,
		    void *context)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	cleanup_fence struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	int result;

	result = cgfence_fence_open(id, &fence, &error);
	if (result == 0)
		result = hierarchy_open_cgroup(hierarchy, id, &cgroup, &error);
	if (result == -ENOENT)
		return STATUS_DONE; /* gone meanwhile */
	if (result || visit(cgroup, fence, context, &error))
		return output_failure(&error);
	return STATUS_DONE;
}

static int visit_all(fence_visitor *visit, void *context)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	struct cgfence_error error = { 0 };
	cleanup_free uint64_t *ids = NULL;
	int status = STATUS_DONE;
	size_t count = 0;

	cgfence_fence_sweep();
	if (cgfence_fence_list(&ids, &count, &error) ||
	    (count && hierarchy_open(&hierarchy, &error)))
		return output_failure(&error);
	for (size_t i = 0; i < count; i++) {
		int result = visit_id(&hierarchy, ids[i], visit, context);

		status = result ? result : status;
	}
	return status;
}

static int visit_wanted(const char *name, fence_visitor *visitor, void *context)
{
	if (!name)
		return visit_all(visitor, context);
	fence_sweep_some();
	return visit_one(name, visitor, context);
}

int fences_report(const struct arguments *arguments, const char *const *headings,
		  fence_visitor *add_row, fence_visitor *add_json)
{
	const char *name = arguments->operands[0];
	struct table *table;
	json_t *list;
	int status;

	if (arguments->json) {
		list = json_array();
		status = visit_wanted(name, add_json, list);
		return output_json(list) == STATUS_DONE ? status : STATUS_FAILED;
	}
	table = table_new(headings);
	status = visit_wanted(name, add_row, table);
	table_print(table);
	return status;
}
