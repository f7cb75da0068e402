// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "cli/fences.h"
#include "base/cleanup.h"
#include "report/foreign.h"
#include "report/output.h"
#include "report/table.h"

#include <cgfence/adopt.h>
#include <cgfence/foreign.h>
#include <cgfence/standing.h>
#include <string.h>

static bool json;

static const char *guard_name(const struct cgfence_fence *fence)
{
	return cgfence_guard_name(cgfence_fence_listen_guard(fence));
}

static json_t *policy_json(const struct cgfence_fence *fence, struct cgfence_error *error)
{
	cleanup_free char *text = NULL;

	if (cgfence_policy_format(cgfence_fence_policy(fence), &text, error))
		return NULL;
	return json_loads(text, 0, NULL);
}

static json_t *counters_json(const struct cgfence_fence_visit *visit)
{
	const struct cgfence_counters counters = fences_counters(visit);
	json_t *object = json_object();

	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++) {
		enum cgfence_hook of = (enum cgfence_hook)hook;
		json_int_t audited = (json_int_t)counters.refusals[hook][CGFENCE_VERDICT_AUDITED];

		json_object_set_new(object, cgfence_hook_name(of),
				    json_pack("{s:I, s:I}", "denied",
					      (json_int_t)cgfence_counters_denied(&counters, of),
					      "audited", audited));
	}
	return object;
}

/* Gives the names of a fence one by one. */
typedef const char *name_getter(const struct cgfence_fence *fence, size_t index);

static json_t *names_json(const struct cgfence_fence *fence, name_getter *get)
{
	json_t *list = json_array();
	const char *name;

	for (size_t i = 0; (name = get(fence, i)); i++)
		json_array_append_new(list, json_string(name));
	return list;
}

/* Return: NULL with the error. */
static json_t *adopted_json(const struct cgfence_fence_visit *visit, struct cgfence_error *error)
{
	cleanup_free struct cgfence_foreign_program *programs = NULL;
	size_t count = 0;

	/* Other fences keep none, and need not be asked. */
	if (cgfence_policy_adopts(cgfence_fence_policy(visit->fence)) &&
	    cgfence_fence_list_adopted(visit->id, &programs, &count, error))
		return NULL;
	return others_json_adopted(programs, count);
}

/* Programs on a cgroup that no mount shows are not found. */
static int find_others(const struct cgfence_fence_visit *visit, struct others *others,
		       struct cgfence_error *error)
{
	return visit->cgroup ? others_of_fence(visit->cgroup, visit->fence, others, error) : 0;
}

/* Of a standing fence that of its anchor. */
static uint64_t cgroup_id(const struct cgfence_fence_visit *visit)
{
	uint64_t anchor = cgfence_fence_anchor(visit->fence);

	if (visit->member)
		return cgfence_cgroup_id(visit->member);
	return anchor ? anchor : visit->id;
}

static int count_members(const struct cgfence_fence *fence, size_t *count,
			 struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = NULL;

	return cgfence_fence_read_members(fence, &ids, count, error);
}

/* Tells a standing fence from one of a cgroup, and so what a member is one of. */
static int add_standing(json_t *element, const struct cgfence_fence_visit *visit,
			struct cgfence_error *error)
{
	const char *anchor = visit->cgroup ? cgfence_cgroup_path(visit->cgroup) : "";
	size_t count = 0;
	int result = count_members(visit->fence, &count, error);

	if (result)
		return result;
	/* One that no mount shows has "id:N" in place of a path. */
	json_object_set_new(element, "anchor",
			    *anchor == '/' ? output_json_string(anchor) : json_null());
	if (visit->member)
		json_object_set_new(element, "pattern",
				    output_json_string(cgfence_fence_pattern(visit->fence)));
	else
		json_object_set_new(element, "members", json_integer((json_int_t)count));
	if (cgfence_fence_overflows(visit->fence))
		json_object_set_new(element, "overflows", json_true());
	return 0;
}

static int add_json(const struct cgfence_fence_visit *visit, void *context,
		    struct cgfence_error *error)
{
	const struct cgfence_fence *fence = visit->fence;
	cleanup_others struct others others = { 0 };
	json_t *adopted = adopted_json(visit, error);
	json_t *policy = NULL;
	json_t *element;

	if (adopted && find_others(visit, &others, error) == 0)
		policy = policy_json(fence, error);
	if (!policy) {
		json_decref(adopted);
		return -1;
	}
	element = json_pack("{s:o, s:I, s:s?, s:s, s:o, s:s, s:o, s:o, s:o, s:I, s:o, s:o}",
			    "cgroup", fences_json_path(visit), "cgroup_id",
			    (json_int_t)cgroup_id(visit), "name",
			    cgfence_policy_name(cgfence_fence_policy(fence)), "mode",
			    fences_mode(visit), "hooks", names_json(fence, cgfence_fence_hook_name),
			    "listen_guard", guard_name(fence), "missing",
			    names_json(fence, cgfence_fence_missing_name), "policy", policy,
			    "counters", counters_json(visit), "generation",
			    (json_int_t)cgfence_fence_generation(fence), "others",
			    others_json(&others), "adopted", adopted);
	if (cgfence_fence_pattern(fence) && add_standing(element, visit, error)) {
		json_decref(element);
		return -1;
	}
	return json_array_append_new(context, element);
}

static void add_names_cell(struct table *table, const struct cgfence_fence *fence, name_getter *get)
{
	char names[128] = "";
	const char *name;

	for (size_t i = 0; (name = get(fence, i)); i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%s", used ? "," : "", name);
	}
	table_add_cell(table, "%s", names[0] ? names : "-");
}

static int add_members_cell(struct table *table, const struct cgfence_fence_visit *visit,
			    struct cgfence_error *error)
{
	const char *pattern = cgfence_fence_pattern(visit->fence);
	size_t count = 0;
	int result;

	if (!pattern || visit->member) {
		table_add_cell(table, "-");
		return 0;
	}
	result = count_members(visit->fence, &count, error);
	if (result)
		return result;
	table_add_cell(table, "%zu", count);
	if (cgfence_fence_overflows(visit->fence))
		output_complain(
			"%s has more members than it has room for, and judges the others without counters of their own",
			pattern);
	return 0;
}

static int add_row(const struct cgfence_fence_visit *visit, void *context,
		   struct cgfence_error *error)
{
	const struct cgfence_fence *fence = visit->fence;
	const struct cgfence_counters counters = fences_counters(visit);
	const char *name = cgfence_policy_name(cgfence_fence_policy(fence));
	cleanup_others struct others others = { 0 };
	unsigned long long audited = 0;
	char path[FENCES_NAME_SIZE];
	char names[128];

	if (find_others(visit, &others, error))
		return -1;
	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++)
		audited += counters.refusals[hook][CGFENCE_VERDICT_AUDITED];
	fences_name(visit, path);
	table_add_cell(context, "%s", path);
	table_add_cell(context, "%s", name ? name : "-");
	table_add_cell(context, "%s", fences_mode(visit));
	add_names_cell(context, fence, cgfence_fence_hook_name);
	table_add_cell(context, "%s", guard_name(fence));
	table_add_cell(context, "%llu", fences_denied(visit));
	table_add_cell(context, "%llu", audited);
	table_add_cell(context, "%llu", (unsigned long long)cgfence_fence_generation(fence));
	others_print(&others, names, sizeof(names));
	table_add_cell(context, "%s", names);
	add_names_cell(context, fence, cgfence_fence_missing_name);
	return add_members_cell(context, visit, error);
}

static int run(const struct arguments *arguments)
{
	static const struct table_column columns[] = {
		{ .heading = "CGROUP", .elastic = true },
		{ .heading = "NAME", .elastic = true },
		{ .heading = "MODE" },
		{ .heading = "HOOKS", .elastic = true, .rank = 2 },
		{ .heading = "LISTEN-GUARD" },
		{ .heading = "DENIED" },
		{ .heading = "AUDITED" },
		{ .heading = "GENERATION", .rank = 3 },
		{ .heading = "OTHERS", .elastic = true, .rank = 1 },
		{ .heading = "MISSING", .elastic = true, .rank = 4, .precious = true },
		{ .heading = "MEMBERS", .rank = 5 },
		{ 0 },
	};

	return fences_report_state(arguments->operands[0], columns, add_row,
				   json ? add_json : NULL);
}

static const struct command_option options[] = {
	COMMAND_OPTION_JSON(json, "one JSON array"),
	{ 0 },
};

const struct command command_status = {
	.name = "status",
	.synopsis = "[-j] [CGROUP|PATTERN]",
	.summary = "show the fences: mode, hooks, listen guard, counters",
	.description =
		"Everything is read back from the kernel. Only refusals are counted: DENIED are those made, AUDITED those\n"
		"that an audit would have made. GENERATION grows by one with each change of the policy. OTHERS are\n"
		"programs of others, on the cgroup or above it, that judge what the fence judges and may refuse what it\n"
		"allows. MISSING is what the fence does without because this kernel refuses it; cgfence(8) explains the words.\n"
		"Columns that find no room on a terminal are left out, MISSING last; a pipe and --json get all.\n"
		"Standard error tells if the bpffs that keeps the fences ends with this mount namespace, and if fences that are\n"
		"pinned in another one are all there is.\n"
		"\n"
		"A standing fence is one row, with its pattern and the number of its MEMBERS; for a CGROUP that is a\n"
		"member, the row has what that one was refused.",
	.example = "cgfence status --json | jq '.[].counters'",
	.options = options,
	.operands_min = 0,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
