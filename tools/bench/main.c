// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Measures cgfence side by side with what people use today. */
#include "record.h"
#include "stage.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2

static const struct {
	const char *name;
	void (*run)(struct bench *bench);
	const char *about;
} suites[] = {
	{ "device-check", bench_device_check, "what judging an open costs" },
	{ "bind-check", bench_bind_check, "what judging a bind costs" },
	{ "attach", bench_attach, "what making a fence and taking it away cost" },
	{ "policy-change", bench_policy_change, "how soon a new verdict is met" },
	{ "reconciler", bench_reconciler, "what looking for listeners in excess costs" },
	{ "reaction", bench_reaction, "how soon a listener in excess is met" },
};

#define SUITE_COUNT (sizeof(suites) / sizeof(suites[0]))

struct arguments {
	char program[PATH_MAX];
	const char *json;
	const char *picture;
	const char *only;
	const struct stage *stage;
};

static void print_help(void)
{
	printf("Usage: bench [--only SUITE] [--json FILE] [--picture FILE.svg] [--program CGFENCE]\n"
	       "Measures cgfence side by side with what people use today, in namespaces, a cgroup and a bpffs\n"
	       "of its own, and leaves nothing behind. Needs root; runc and bpftool where they are compared.\n\n"
	       "Suites:\n");
	for (size_t i = 0; i < SUITE_COUNT; i++)
		printf("  %-14s %s\n", suites[i].name, suites[i].about);
	printf("\nExit status: 0 measured, whether targets hold or not; 1 it failed; 2 wrong usage.\n");
}

static bool is_suite(const char *name)
{
	for (size_t i = 0; i < SUITE_COUNT; i++) {
		if (strcmp(suites[i].name, name) == 0)
			return true;
	}
	fprintf(stderr, "bench: there is no suite '%s'; 'bench --help' lists them.\n", name);
	return false;
}

/* Beside this program, unless it is named. */
static void find_program(char program[PATH_MAX])
{
	char self[PATH_MAX] = "";

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) > 0)
		snprintf(program, PATH_MAX, "%.*s/cgfence", PATH_MAX - 16, dirname(self));
}

/* Return: -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{ "only", required_argument, NULL, 'o' },
		{ "json", required_argument, NULL, 'j' },
		{ "picture", required_argument, NULL, 'p' },
		{ "program", required_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int letter;

	find_program(arguments->program);
	while ((letter = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (letter == 'h') {
			print_help();
			return EXIT_SUCCESS;
		}
		if (letter == 'o')
			arguments->only = optarg;
		else if (letter == 'j')
			arguments->json = optarg;
		else if (letter == 'p')
			arguments->picture = optarg;
		else if (letter != 'g' || !realpath(optarg, arguments->program))
			return EXIT_USAGE;
	}
	if (optind < argc || (arguments->only && !is_suite(arguments->only)))
		return EXIT_USAGE;
	return -1;
}

static int write_outputs(const struct bench *bench, const struct arguments *arguments)
{
	int result = arguments->json ? record_write_json(bench, arguments->json) : 0;

	if (result == 0 && arguments->picture)
		result = record_draw(bench, arguments->picture);
	if (result)
		fprintf(stderr, "bench: cannot write the results: %s.\n", strerror(-result));
	return result ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int measure(void *argument)
{
	static struct bench bench;
	const struct arguments *arguments = argument;
	uint64_t begin = bench_now_ns();

	bench.program = arguments->program;
	bench.directory = arguments->stage->directory;
	bench.cgroup = arguments->stage->work;
	record_machine(&bench);
	for (size_t i = 0; i < SUITE_COUNT; i++) {
		if (arguments->only && strcmp(arguments->only, suites[i].name) != 0)
			continue;
		bench_progress(&bench, "%s: %s", suites[i].name, suites[i].about);
		suites[i].run(&bench);
		bench_progress(&bench, "%s: done, %.0f s since the beginning", suites[i].name,
			       (double)(bench_now_ns() - begin) / 1e9);
	}
	record_summarise(&bench);
	return write_outputs(&bench, arguments);
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	char path[PATH_MAX];
	struct stage stage;
	int status = parse(argc, argv, &arguments);

	if (status >= 0)
		return status;
	if (geteuid() != 0) {
		fprintf(stderr, "bench: fencing needs root; run 'sudo %s'.\n", argv[0]);
		return EXIT_FAILURE;
	}
	libbpf_set_print(NULL);
	/* Where Debian has runc and bpftool. */
	snprintf(path, sizeof(path), "%s:/usr/sbin:/sbin",
		 getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	setenv("PATH", path, 1);
	if (stage_open(&stage) < 0)
		return EXIT_FAILURE;
	arguments.stage = &stage;
	status = stage_run(&stage, measure, &arguments);
	return stage_close(&stage) == 0 ? status : EXIT_FAILURE;
}
