// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Measures cgfence side by side with the tools that people use today. */
#include "probe.h"
#include "report.h"
#include "suites.h"
#include "support/clock.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct suite {
	const char *name;
	void (*run)(void);
	const char *about;
} suites[] = {
	{ "device-check", suite_device_check, "what judging an open costs" },
	{ "bind-check", suite_bind_check, "what judging a bind costs" },
	{ "standing", suite_standing, "what standing fences cost where cgroups come and go" },
	{ "attach", suite_attach, "what making, changing and taking away a fence cost" },
	{ "reconciler", suite_reconciler, "what looking for listeners in excess costs" },
	{ "reaction", suite_reaction, "how soon a listener in excess is met" },
};

#define SUITES (sizeof(suites) / sizeof(suites[0]))

static void print_help(FILE *file)
{
	fprintf(file,
		"Usage: bench [SUITE]\n"
		"Measures the cgfence beside it and what people use today; leaves nothing but bench.json\n"
		"beside it. Needs root; runc and bpftool to compare.\n\nSuites:\n");
	for (size_t i = 0; i < SUITES; i++)
		fprintf(file, "  %-14s %s\n", suites[i].name, suites[i].about);
	fprintf(file,
		"\nExit status: 0 measured, also if targets are missed; 1 failed; 2 wrong usage.\n");
}

static const struct suite *only; /* NULL for all */

static int measure(void)
{
	uint64_t begin_ns = clock_ns();

	report_begin();
	for (size_t i = 0; i < SUITES; i++) {
		if (only && only != &suites[i])
			continue;
		report_progress(text("%s: %s", suites[i].name, suites[i].about));
		suites[i].run();
		report_progress(text("%s: done, %.0f s since the beginning", suites[i].name,
				     clock_ms_since(begin_ns) / 1e3));
	}
	report_end(probe_directory());
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *old_path = getenv("PATH");
	char path[8192];

	for (size_t i = 0; argc == 2 && i < SUITES; i++) {
		if (strcmp(argv[1], suites[i].name) == 0)
			only = &suites[i];
	}
	if (argc > 1 && !only) {
		bool asked = strcmp(argv[1], "--help") == 0;

		print_help(asked ? stdout : stderr);
		return asked ? EXIT_SUCCESS : 2;
	}
	if (geteuid() != 0) {
		fprintf(stderr, "bench: fencing needs root; run 'sudo %s'.\n", argv[0]);
		return EXIT_FAILURE;
	}
	libbpf_set_print(NULL);
	/* The cgfence that was built, and where Debian has runc and bpftool. */
	snprintf(path, sizeof(path), "%s:%s:/usr/sbin:/sbin", probe_directory(),
		 old_path ? old_path : "/usr/bin:/bin");
	setenv("PATH", path, 1);
	return probe_run(measure);
}
