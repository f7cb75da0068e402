// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "cli/fences.h"
#include "base/cleanup.h"
#include "report/denial.h"
#include "report/output.h"
#include "report/table.h"

static bool json;

static int add_json(const struct cgfence_fence_visit *visit, void *context,
		    struct cgfence_error *error)
{
	cleanup_free struct cgfence_denial_record *records = NULL;
	size_t count = 0;
	int result = cgfence_fence_read_denials(visit->fence, &records, &count, error);

	for (size_t i = 0; i < count && result == 0; i++)
		result = json_array_append_new(context,
					       refusal_json(fences_json_path(visit), &records[i]));
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
	cleanup_free struct cgfence_denial_record *records = NULL;
	char name[FENCES_NAME_SIZE];
	size_t count = 0;
	int result = cgfence_fence_read_denials(visit->fence, &records, &count, error);

	fences_name(visit, name);
	for (size_t i = 0; i < count; i++) {
		const struct cgfence_denial_record *record = &records[i];
		char subject[REFUSAL_SUBJECT_SIZE];
		char first[OUTPUT_TIME_SIZE];
		char last[OUTPUT_TIME_SIZE];

		refusal_format_subject(&record->subject, subject);
		output_time(record->first_ns, first);
		output_time(record->last_ns, last);
		table_add_cell(context, "%s", last);
		table_add_cell(context, "%llu", (unsigned long long)record->count);
		table_add_cell(context, "%s", refusal_verdict_name(&record->subject));
		table_add_cell(context, "%s", refusal_hook_name(&record->subject));
		table_add_cell(context, "%s", subject);
		table_add_cell(context, "%u", record->pid);
		table_add_cell(context, "%.16s", record->comm);
		table_add_cell(context, "%s", first);
		table_add_cell(context, "%s", name);
	}
	if (result == 0)
		warn_of_evicted(visit, name);
	return result;
}

static int run(const struct arguments *arguments)
{
	static const struct table_column columns[] = {
		{ .heading = "LAST" },
		{ .heading = "COUNT" },
		{ .heading = "VERDICT" },
		{ .heading = "HOOK", .rank = 2 },
		{ .heading = "WHAT" },
		{ .heading = "PID", .rank = 1 },
		{ .heading = "COMM", .elastic = true },
		{ .heading = "FIRST", .rank = 3 },
		{ .heading = "CGROUP", .elastic = true },
		{ 0 },
	};

	return fences_report(arguments->operands[0], columns, add_rows, json ? add_json : NULL);
}

static const struct command_option options[] = {
	COMMAND_OPTION_JSON(json, "one JSON array"),
	{ 0 },
};

const struct command command_denials = {
	.name = "denials",
	.synopsis = "[-j] [CGROUP]",
	.summary = "show who was refused what",
	.description =
		"The kernel keeps the records, 256 for each fence, so they are there with no daemon running, and\n"
		"reading takes nothing away. PID and COMM are those of the last refusal.",
	.example = "cgfence denials /machine/web",
	.options = options,
	.operands_min = 0,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
