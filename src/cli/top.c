// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `top` is a program of its own, so that this one needs no library for it. */
#include "base/program_beside.h"
#include "cli/command.h"
#include "report/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *filter;
static const char *interval;
static const char *sort;

static int run(const struct arguments *arguments)
{
	const char *words[8] = { "cgfence-top" };
	char path[PATH_MAX];
	size_t count = 1;
	int result;

	(void)arguments;
	if (interval) {
		words[count++] = "--interval";
		words[count++] = interval;
	}
	if (sort) {
		words[count++] = "--sort";
		words[count++] = sort;
	}
	if (filter) {
		words[count++] = "--filter";
		words[count++] = filter;
	}
	result = program_beside("cgfence-top", path);
	if (result) {
		output_complain("cannot find out where this program is: %s", strerror(-result));
		return STATUS_FAILED;
	}
	execv(path, (char *const *)words);
	output_complain("top is a program of its own, and %s cannot be run: %s", path,
			strerror(errno));
	return STATUS_FAILED;
}

static const struct command_option options[] = {
	{ 0, "filter", "TEXT", "show only what has this text in its path or name", NULL, &filter },
	{ 0, "interval", "D", "time between two looks, such as 500ms, 2s or 1m; 2s if absent", NULL,
	  &interval },
	{ 0, "sort", "COLUMN", "the column to sort by at first; rate if absent", NULL, &sort },
	{ 0 },
};

const struct command command_top = {
	.name = "top",
	.synopsis = "[--filter TEXT] [--interval D] [--sort COLUMN]",
	.summary = "show fences, refusals a second and listeners in excess, live",
	.description =
		"Runs cgfence-top, which shows on a terminal: each fence with its mode, its members, the refusals a second\n"
		"of all hooks and of each, their total and the listeners in excess; the last refusals of the fences on the\n"
		"screen; and the listeners in excess. What an audit would refuse counts too. It changes nothing.\n"
		"Keys: q quits, p pauses, s and S sort by the next column and the one before, r reverses, / filters, the\n"
		"arrows select, Enter shows the members of a standing fence and Escape goes back, h shows help.\n"
		"Of many fences, those on the screen are read whole at each look and of the others the counters; those that\n"
		"there are not enough descriptors for (RLIMIT_NOFILE), in turns. NO_COLOR leaves out colors.\n"
		"Columns: rate, device, bind, listen, create, total, excess, members, mode, name, cgroup",
	.example = "cgfence top --sort bind --filter nginx",
	.options = options,
	.operands_min = 0,
	.operands_max = 0,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
