// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "cli/fences.h"
#include "report/table.h"

static int add_row(const struct cgfence_fence_visit *visit, void *context,
		   struct cgfence_error *error)
{
	const char *name = cgfence_policy_name(cgfence_fence_policy(visit->fence));
	char path[FENCES_NAME_SIZE];

	(void)error;
	fences_name(visit, path);
	table_add_cell(context, "%s", path);
	table_add_cell(context, "%s", name ? name : "-");
	table_add_cell(context, "%s", fences_mode(visit));
	table_add_cell(context, "%llu", fences_denied(visit));
	return 0;
}

static int run(const struct arguments *arguments)
{
	static const struct table_column columns[] = {
		{ .heading = "CGROUP", .elastic = true },
		{ .heading = "NAME", .elastic = true },
		{ .heading = "MODE" },
		{ .heading = "DENIED" },
		{ 0 },
	};

	return fences_report_state(arguments->operands[0], columns, add_row, NULL);
}

const struct command command_list = {
	.name = "list",
	.synopsis = "[CGROUP|PATTERN]",
	.summary = "list the fences in four columns",
	.description = "The columns of status that fit on 80. DENIED counts what was refused.",
	.example = "cgfence list /machine/web",
	.operands_min = 0,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
