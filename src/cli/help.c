// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/help.h"

#include <string.h>

void help_print_usage(FILE *file, const struct command *command)
{
	const char *label = "Usage:";

	for (const char *form = command->synopsis; form; label = "      ") {
		const char *end = strchr(form, '\n');

		fprintf(file, "%s cgfence %s %.*s\n", label, command->name,
			(int)(end ? end - form : (long)strlen(form)), form);
		form = end ? end + 1 : NULL;
	}
}

static void print_option(const struct command_option *option)
{
	char form[48];

	snprintf(form, sizeof(form), "%s--%s%s%s", "", option->name, option->argument ? "=" : "",
		 option->argument ? option->argument : "");
	if (option->letter)
		printf("  -%c, %-18s %s\n", option->letter, form, option->help);
	else
		printf("      %-18s %s\n", form, option->help);
}

void help_print_command(const struct command *command)
{
	help_print_usage(stdout, command);
	printf("\n%c%s.\n\n%s\n\n", command->summary[0] - 'a' + 'A', command->summary + 1,
	       command->description);
	for (const struct command_option *option = command->options; option && option->name;
	     option++)
		print_option(option);
	printf("      %-18s %s\n\nExample: %s\n", "--help", "show this", command->example);
}

void help_print_all(const struct command *const *commands)
{
	printf("Usage: cgfence COMMAND [ARGUMENT...]\n\n"
	       "Fence a cgroup v2 subtree: its processes open and create only the devices on its whitelist,\n"
	       "and listen only on the ports assigned to it.\n\n");
	for (; *commands; commands++)
		printf("  %-10s %s\n", (*commands)->name, (*commands)->summary);
	printf("\nCGROUP is an absolute path under a cgroup2 mount, a path relative to the cgroup2 root, or pid:N.\n"
	       "'cgfence COMMAND --help' tells more of a command, 'cgfence --version' the version.\n\n"
	       "Example: cgfence attach /machine/web policy.json\n");
}
