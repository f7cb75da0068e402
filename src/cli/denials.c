// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/fences.h"
#include "cli/follow.h"
#include "cli/named.h"
#include "daemon/descriptor_limit.h"
#include "report/denial.h"
#include "report/handles.h"
#include "report/output.h"
#include "report/table.h"

#include <cgfence/standing.h>

static bool json;
static bool follow;

/* What a standing fence refused to other members is no business of the one that was asked for. */
static bool concerns(const struct cgfence_fence_visit *visit,
		     const struct cgfence_member_denial *denial)
{
	return !visit->member || denial->member == cgfence_cgroup_id(visit->member);
}

static json_t *json_path(const struct cgfence_fence_visit *visit,
			 const struct cgfence_member_denial *denial)
{
	cleanup_free char *member = denial_member_path(visit->fence, denial->member);

	return member ? output_json_string(member) : fences_json_path(visit);
}

static int add_json(const struct cgfence_fence_visit *visit, void *context,
		    struct cgfence_error *error)
{
	cleanup_free struct cgfence_member_denial *denials = NULL;
	size_t count = 0;
	int result = cgfence_fence_read_member_denials(visit->fence, &denials, &count, error);

	for (size_t i = 0; i < count && result == 0; i++) {
		if (concerns(visit, &denials[i]))
			result = json_array_append_new(context,
						       denial_json(json_path(visit, &denials[i]),
								   &denials[i].record));
	}
	return result;
}

static void warn_of_evicted(const struct cgfence_fence_visit *visit, const char *name)
{
	unsigned long long evicted = cgfence_fence_counters(visit->fence)->evicted;

	if (evicted)
		output_complain(
			"in %s, %llu older denial%s made room for newer ones; status counts them all",
			name, evicted, evicted == 1 ? "" : "s");
}

static int add_rows(const struct cgfence_fence_visit *visit, void *context,
		    struct cgfence_error *error)
{
	cleanup_free struct cgfence_member_denial *denials = NULL;
	char name[FENCES_NAME_SIZE];
	size_t count = 0;
	int result = cgfence_fence_read_member_denials(visit->fence, &denials, &count, error);

	fences_name(visit, name);
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *member = NULL;

		if (!concerns(visit, &denials[i]))
			continue;
		member = denial_member_path(visit->fence, denials[i].member);
		denial_add_row(context, member ? member : name, &denials[i].record);
	}
	if (result == 0)
		warn_of_evicted(visit, name);
	return result;
}

/* Finds a fence, or the cgroup whose judges are all followed, as without --follow. */
static int find_followed(const char *name, uint64_t *id, uint64_t *cgroup,
			 struct cgfence_error *error)
{
	cleanup_named struct named_fence named = { 0 };
	cleanup_cgroup struct cgfence_cgroup *member = NULL;
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result = named_open(name, false, &named, error);

	if (result == 0) {
		*(cgfence_standing_is_id(named.id) ? id : cgroup) = named.id;
		return 0;
	}
	if (result != -ENOENT || cgfence_cgroup_open(name, &member, NULL) ||
	    cgfence_standing_of(cgfence_cgroup_id(member), &ids, &count, NULL) || !count)
		return result;
	*cgroup = cgfence_cgroup_id(member);
	return 0;
}

static int run(const struct arguments *arguments)
{
	const char *name = arguments->operands[0];
	struct cgfence_error error = { 0 };
	uint64_t cgroup = 0;
	uint64_t id = 0;

	if (!follow)
		return fences_report(name, denial_columns, add_rows, json ? add_json : NULL);
	descriptor_limit_raise();
	if (name && find_followed(name, &id, &cgroup, &error))
		return output_failure(&error);
	return follow_denials(id, cgroup, json);
}

static const struct command_option options[] = {
	{ 'f', "follow", NULL, "go on with new ones until interrupted", &follow, NULL },
	COMMAND_OPTION_JSON(json, "one JSON array; with --follow one JSON object a line"),
	{ 0 },
};

const struct command command_denials = {
	.name = "denials",
	.synopsis = "[-f] [-j] [CGROUP|PATTERN]",
	.summary = "show the refused requests, and the processes that made them",
	.description =
		"The kernel keeps up to 200 records for each fence, so no daemon is needed, and reading removes nothing.\n"
		"PID and COMM are those of the last refusal. With --follow, a refusal that repeats is printed again, and\n"
		"fences that are made later are followed too. Any number of readers can follow.",
	.example = "cgfence denials /machine/web",
	.options = options,
	.operands_min = 0,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
