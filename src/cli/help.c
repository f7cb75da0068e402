// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/help.h"
#include "base/cleanup.h"
#include "base/nearest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OPTION_FORM_SIZE 48

static const struct command *const *commands;

void help_begin(const struct command *const *known)
{
	commands = known;
}

static void print_usage(FILE *file, const struct command *command)
{
	const char *label = "Usage:";

	for (const char *form = command->synopsis; form; label = "      ") {
		const char *end = strchr(form, '\n');

		fprintf(file, "%s cgfence %s %.*s\n", label, command->name,
			(int)(end ? end - form : (long)strlen(form)), form);
		form = end ? end + 1 : NULL;
	}
}

int help_refuse_usage(const struct command *command, const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	output_complain("%s", text ? text : "out of memory");
	print_usage(stderr, command);
	return command->usage_status;
}

const struct command *help_find_command(const char *name)
{
	const char *what = *name == '-' ? "option" : "command";
	struct nearest nearest = nearest_begin(name);
	char hint[NEAREST_HINT_SIZE];

	for (int i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
		nearest_try(&nearest, commands[i]->name);
	}
	nearest_try(&nearest, "--help");
	nearest_try(&nearest, "--version");
	if (nearest.best)
		output_complain("unknown %s '%s'%s", what, name, nearest_hint(&nearest, hint));
	else
		output_complain("unknown %s '%s'; 'cgfence --help' lists the commands", what, name);
	return NULL;
}

/* The form of an option, such as "--interval=D" or "--node[=PATH]". Return: its length. */
static int format_option(const struct command_option *option, char form[OPTION_FORM_SIZE])
{
	bool may_miss = option->argument && option->flag;

	return snprintf(form, OPTION_FORM_SIZE, "--%s%s%s%s%s", option->name, may_miss ? "[" : "",
			option->argument ? "=" : "", option->argument ? option->argument : "",
			may_miss ? "]" : "");
}

static void print_options(const struct command_option *options)
{
	char form[OPTION_FORM_SIZE];
	int width = 16;

	for (const struct command_option *option = options; option && option->name; option++) {
		int length = format_option(option, form);

		width = length > width ? length : width;
	}
	for (const struct command_option *option = options; option && option->name; option++) {
		format_option(option, form);
		if (option->letter)
			printf("  -%c, %-*s  %s\n", option->letter, width, form, option->help);
		else
			printf("      %-*s  %s\n", width, form, option->help);
	}
	printf("      %-*s  %s\n", width, "--help", "show this help");
}

void help_print_command(const struct command *command)
{
	print_usage(stdout, command);
	printf("\n%c%s.\n\n%s\n\n", command->summary[0] - 'a' + 'A', command->summary + 1,
	       command->description);
	print_options(command->options);
	printf("\nExample: %s\n", command->example);
}

void help_print_all(void)
{
	printf("Usage: cgfence COMMAND [ARGUMENT...]\n\n"
	       "Fence a cgroup v2 subtree: its processes open and create only the devices on its whitelist,\n"
	       "and listen only on the ports assigned to it.\n\n");
	for (int i = 0; commands[i]; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nCGROUP is an absolute path under a cgroup2 mount, a path relative to the cgroup2 root, pid:N,\n"
	       "or id:N, as status prints a cgroup that no mount shows.\n"
	       "'cgfence help COMMAND' explains a command, 'cgfence --version' prints the version.\n\n"
	       "Example: cgfence attach /machine/web policy.json\n");
}

static int run(const struct arguments *arguments)
{
	const struct command *command;

	if (!arguments->operand_count) {
		help_print_all();
		return STATUS_DONE;
	}
	command = help_find_command(arguments->operands[0]);
	if (!command)
		return STATUS_INVALID;
	help_print_command(command);
	return STATUS_DONE;
}

const struct command command_help = {
	.name = "help",
	.synopsis = "[COMMAND]",
	.summary = "explain a command, or list all of them",
	.description =
		"Prints the same as 'cgfence COMMAND --help', or without a command the same as\n"
		"'cgfence --help'.",
	.example = "cgfence help attach",
	.operands_max = 1,
	.usage_status = STATUS_INVALID,
	.run = run,
};

int help_refuse_privilege(const char *what, int status)
{
	output_complain("%s needs CAP_SYS_ADMIN; run it as root or with sudo", what);
	return status;
}
