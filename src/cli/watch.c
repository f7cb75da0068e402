// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/watch.h"
#include "cli/command.h"
#include "cli/duration.h"
#include "report/output.h"

#define DEFAULT_INTERVAL "30s" /* the default of Mesos */

static const char *apply;
static const char *interval = DEFAULT_INTERVAL;
static bool json;

static int run(const struct arguments *arguments)
{
	struct watch_options watch = { .apply = apply, .json = json };
	struct cgfence_error error = { 0 };

	(void)arguments;
	if (duration_parse(interval, &watch.interval_ns)) {
		output_complain(
			"'%s' is not an interval; write 100ms to 24h, such as 500ms, 30s, 5m or 1h",
			interval);
		return STATUS_INVALID;
	}
	return watch_run(&watch, &error) ? output_failure(&error) : STATUS_DONE;
}

static const struct command_option options[] = {
	{ 0, "apply", "POLICY.json|DIR", "keep the fences matched to these policies", NULL,
	  &apply },
	{ 0, "interval", "D", "time between two passes, such as 500ms, 30s or 5m; 30s if absent",
	  NULL, &interval },
	COMMAND_OPTION_JSON(json, "one JSON object a line"),
	{ 0 },
};

const struct command command_watch = {
	.name = "watch",
	.synopsis = "[-j] [--apply POLICY.json|DIR] [--interval D]",
	.summary = "keep looking for listeners in excess, and report what happens",
	.description =
		"Makes the same pass as reconcile at the start, every interval, when a fence changes, and on SIGHUP,\n"
		"and acts on a listen event of the kernel at once. Prints a line for each violation and its end, for\n"
		"each new refusal, and for each fence that is attached or detached. A slow reader loses lines but\n"
		"blocks nothing. Ends on SIGTERM. Only one watch can run on a host.\n"
		"With --apply it also makes the fences match the policies, as apply does, whenever a file changes or a\n"
		"cgroup appears that a policy names. While a policy is invalid, it reports that, and the last valid\n"
		"policies stay in force.",
	.example = "cgfence watch --interval 10s --json",
	.options = options,
	.operands_min = 0,
	.operands_max = 0,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
