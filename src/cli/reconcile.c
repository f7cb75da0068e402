// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "cli/named.h"
#include "daemon/descriptor_limit.h"
#include "base/error.h"
#include "report/output.h"
#include "report/table.h"
#include "report/violation.h"

#include <errno.h>

static void cleanup_free_reconciler(struct cgfence_reconciler **reconciler)
{
	cgfence_reconciler_free(*reconciler);
}

static bool json;

static void print_json(const struct cgfence_violation *violation, void *context)
{
	(void)context;
	output_json_line(violation_json(violation));
}

/* A row for those that are not spelled out. */
static void add_rest(const struct cgfence_violation *violation, struct table *table)
{
	char rest[VIOLATION_REST_SIZE];

	violation_format_rest(violation, rest);
	table_add_cell(table, "%s", violation->cgroup);
	table_add_cell(table, "%zu more", violation->rest);
	table_add_cell(table, "-");
	table_add_cell(table, "-");
	table_add_cell(table, "%s", rest);
	for (int i = 0; i < 3; i++)
		table_add_cell(table, "-");
}

static void add_row(const struct cgfence_violation *violation, void *context)
{
	char socket[VIOLATION_SOCKET_SIZE];

	if (violation->rest) {
		add_rest(violation, context);
		return;
	}
	violation_format_socket(violation, socket);
	table_add_cell(context, "%s", violation->cgroup);
	table_add_cell(context, "%s", socket);
	if (violation->pid)
		table_add_cell(context, "%u", violation->pid);
	else
		table_add_cell(context, "-");
	table_add_cell(context, "%s", *violation->comm ? violation->comm : "-");
	table_add_cell(context, "%s", cgfence_action_name(violation->action));
	table_add_cell(context, "%s", violation->member ? violation->member : "-");
	table_add_cell(context, "%s", violation->reason);
	table_add_cell(context, "%s", *violation->cmdline ? violation->cmdline : "-");
	if (violation->action == CGFENCE_ACTION_FAILED)
		output_complain("%s in %s is still there: %s", socket, violation->cgroup,
				violation->failure);
	else if (*violation->failure)
		output_complain("%s in %s was %s, but not killed: %s", socket, violation->cgroup,
				cgfence_action_name(violation->action), violation->failure);
}

static int run_pass(struct cgfence_reconciler *reconciler, uint64_t fence_id, size_t *in_excess,
		    struct cgfence_error *error)
{
	static const struct table_column columns[] = {
		{ .heading = "CGROUP", .elastic = true },
		{ .heading = "SOCKET" },
		{ .heading = "PID" },
		{ .heading = "COMM", .elastic = true },
		{ .heading = "ACTION" },
		{ .heading = "MEMBER", .elastic = true, .rank = 2 },
		{ .heading = "REASON", .elastic = true },
		{ .heading = "CMDLINE", .elastic = true, .rank = 1 },
		{ 0 },
	};
	struct table *table;
	int result;

	if (json)
		return cgfence_reconciler_pass(reconciler, fence_id, print_json, NULL, in_excess,
					       error);
	table = table_new(columns);
	if (!table)
		return error_out_of_memory(error);
	result = cgfence_reconciler_pass(reconciler, fence_id, add_row, table, in_excess, error);
	if (*in_excess)
		table_print(table);
	else
		table_free(table);
	if (result == 0 && !*in_excess)
		puts("No listener is in excess.");
	return result;
}

static int run(const struct arguments *arguments)
{
	__attribute__((cleanup(cleanup_free_reconciler))) struct cgfence_reconciler *reconciler =
		NULL;
	struct cgfence_error error = { 0 };
	size_t in_excess = 0;
	cleanup_named struct named_fence named = { 0 };

	output_outlive_reader();
	descriptor_limit_raise();
	if (arguments->operand_count)
		cgfence_fence_sweep_some();
	else
		cgfence_fence_sweep();
	if ((arguments->operand_count &&
	     named_open(arguments->operands[0], false, &named, &error)) ||
	    cgfence_reconciler_new(&reconciler, &error) ||
	    run_pass(reconciler, named.id, &in_excess, &error))
		return output_failure(&error);
	return in_excess ? STATUS_NO : STATUS_DONE;
}

static const struct command_option options[] = {
	COMMAND_OPTION_JSON(json, "one JSON object a line"),
	{ 0 },
};

const struct command command_reconcile = {
	.name = "reconcile",
	.synopsis = "[-j] [CGROUP|PATTERN]",
	.summary = "find listeners in excess that no hook could refuse, and act",
	.description =
		"Makes one pass over the listening sockets of all fences, or of the fence on CGROUP: sockets made in the\n"
		"fence, and sockets that its processes hold, wherever they come from. Acts on each listener in excess as\n"
		"on_violation of the policy says. Exits with 3 if there is any.",
	.example = "cgfence reconcile --json | jq .cmdline",
	.options = options,
	.operands_min = 0,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
