// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* cgfence-top, which `cgfence top` executes: a live view of the fences. */
#include "base/duration.h"
#include "base/error.h"
#include "base/privilege.h"
#include "report/output.h"
#include "top/live.h"

#include <getopt.h>
#include <string.h>

#define DEFAULT_INTERVAL "2s"

static int print_help(void)
{
	puts("Usage: cgfence-top [--interval D] [--sort COLUMN] [--filter TEXT]\n"
	     "\n"
	     "A live view of the fences, which 'cgfence top' runs; 'cgfence top --help' explains it.");
	return STATUS_DONE;
}

static int refuse(const char *problem, const char *word)
{
	output_complain("%s '%s'; 'cgfence top --help' shows the options", problem, word);
	return STATUS_INVALID;
}

/* Return: -1 to go on, else the exit status. */
static int read_options(int argc, char **argv, struct live_options *live)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "sort", required_argument, NULL, 's' },
		{ "filter", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct cgfence_error error = { 0 };
	const char *interval = DEFAULT_INTERVAL;
	int code;

	opterr = 0;
	while ((code = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (code == 'h')
			return print_help();
		if (code == 'i')
			interval = optarg;
		else if (code == 'f')
			live->filter = optarg;
		else if (code != 's')
			return refuse("there is no such option, or it lacks its value:",
				      argv[optind - 1]);
		else if (order_find(optarg, &live->sort, &error))
			return output_failure(&error);
	}
	if (optind < argc)
		return refuse("there is an argument too much:", argv[optind]);
	if (strlen(live->filter) >= TOP_FILTER_SIZE) {
		output_complain("a filter has at most %d bytes", TOP_FILTER_SIZE - 1);
		return STATUS_INVALID;
	}
	if (duration_parse(interval, &live->interval_ns)) {
		output_complain(
			"'%s' is not an interval; write 100ms to 24h, such as 500ms, 2s or 1m",
			interval);
		return STATUS_INVALID;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct live_options live = { .filter = "" };
	struct cgfence_error error = { 0 };
	int status = read_options(argc, argv, &live);

	if (status >= 0)
		return status;
	if (!privilege_has_admin()) {
		output_complain("top needs CAP_SYS_ADMIN; run it as root or with sudo");
		return STATUS_FAILED;
	}
	return live_run(&live, &error) ? output_failure(&error) : STATUS_DONE;
}
