// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/watch.h"
#include "cli/command.h"
#include "base/duration.h"
#include "report/output.h"

#define DEFAULT_INTERVAL "30s" /* the default of Mesos */

static const char *apply;
static const char *interval = DEFAULT_INTERVAL;
static const char *metrics;
static bool json;
static bool private;

static int run(const struct arguments *arguments)
{
	struct watch_options watch = { .apply = apply, .metrics = metrics, .json = json };
	struct cgfence_error error = { 0 };

	(void)arguments;
	if (duration_parse(interval, &watch.interval_ns)) {
		output_complain(
			"'%s' is not an interval; write 100ms to 24h, such as 500ms, 30s, 5m or 1h",
			interval);
		return STATUS_INVALID;
	}
	if (private && cgfence_bpffs_mount(CGFENCE_BPFFS_PRIVATE, &error))
		return output_failure(&error);
	return watch_run(&watch, &error) ? output_failure(&error) : STATUS_DONE;
}

static const struct command_option options[] = {
	{ 0, "apply", "POLICY.json|DIR", "keep the fences matched to these policies", NULL,
	  &apply },
	{ 0, "interval", "D", "time between two passes, such as 500ms, 30s or 5m; 30s if absent",
	  NULL, &interval },
	{ 0, "metrics", "FILE", "write metrics to a file that is replaced whole after each pass",
	  NULL, &metrics },
	{ 0, "private", NULL,
	  "mount a bpffs even where it, and the fences, end with the mount namespace", &private,
	  NULL },
	COMMAND_OPTION_JSON(json, "one JSON object a line"),
	{ 0 },
};

const struct command command_watch = {
	.name = "watch",
	.synopsis = "[-j] [--apply POLICY.json|DIR] [--interval D] [--metrics FILE] [--private]",
	.summary = "keep looking for listeners in excess, and report what happens",
	.description =
		"Makes a pass, as reconcile does, at once, at every interval, when a fence changes, and on SIGHUP. Acts at\n"
		"once on a listen event of the kernel. Prints a line for each violation and its end, each new refusal,\n"
		"and each fence that is made or detached. Where a policy has \"adopt\", it takes the place of device programs\n"
		"of others that come back, and says whose they were. A slow reader loses lines but blocks\n"
		"nothing. Ends on SIGTERM. Only one watch runs on a host.\n"
		"With --apply it also applies the policies whenever a file changes or a cgroup appears that a policy\n"
		"names; the directory of the policies may appear later, too. While a policy is invalid, or can be\n"
		"changed by others than root, watch reports it and tries again at each pass, and the last valid policies\n"
		"stay in force.\n"
		"The paths, drivers and patterns that fences remember are looked up again at each pass and when the kernel\n"
		"tells of a device. A fence that follows is printed with what changed and why. What is allowed and gone is\n"
		"not allowed any more; what is denied and gone keeps its numbers.",
	.example = "cgfence watch --interval 10s --json",
	.options = options,
	.operands_min = 0,
	.operands_max = 0,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
