// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/metrics.h"
#include "cli/command.h"
#include "report/output.h"

static bool textfile;

static int run(const struct arguments *arguments)
{
	struct cgfence_error error = { 0 };

	(void)arguments;
	cgfence_fence_sweep();
	return metrics_print(stdout, textfile ? METRICS_TEXTFILE : METRICS_OPENMETRICS, NULL,
			     &error)
		       ? output_failure(&error)
		       : STATUS_DONE;
}

static const struct command_option options[] = {
	{ 0, "textfile", NULL, "print the format that node_exporter's textfile collector reads",
	  &textfile, NULL },
	{ 0 },
};

const struct command command_metrics = {
	.name = "metrics",
	.synopsis = "[--textfile]",
	.summary = "print the counters of all fences for Prometheus",
	.description =
		"Prints OpenMetrics: each fence with its mode and listen guard, refusals by hook and verdict, and the\n"
		"number of members of standing fences. A label names a fence, by its path or pattern, and nothing that is\n"
		"in it. What only a watch knows, such as listeners in excess and actions, watch --metrics writes to a file.",
	.example = "cgfence metrics | grep refusals",
	.options = options,
	.operands_min = 0,
	.operands_max = 0,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
