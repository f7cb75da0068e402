// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finds the command, reads its options by its own table, and runs it. */
#include "cli/command.h"
#include "cli/help.h"
#include "report/output.h"
#include "cli/privilege.h"

#include <bpf/libbpf.h>
#include <getopt.h>
#include <string.h>

#define OPTIONS_MAX 8
#define OPTION_HELP 'h'

static const struct command *const commands[] = {
	&command_attach,  &command_detach,
	&command_allow,	  &command_revoke,
	&command_apply,	  &command_run,
	&command_status,  &command_show,
	&command_check,	  &command_explain,
	&command_denials, &command_reconcile,
	&command_watch,	  NULL,
};

static const struct command *find_command(const char *name)
{
	for (int i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static int refuse_usage(const struct command *command, const char *complaint)
{
	fprintf(stderr, "cgfence: %s\n", complaint);
	help_print_usage(stderr, command);
	return command->usage_status;
}

static int refuse_option(const struct command *command, const char *word)
{
	char complaint[128];

	/* getopt tells the letter of a short option; the word may hold others. */
	if (optopt && optopt != OPTION_HELP)
		snprintf(complaint, sizeof(complaint), "the option '-%c' cannot be used so.",
			 optopt);
	else
		snprintf(complaint, sizeof(complaint), "the option '%s' cannot be used so.", word);
	return refuse_usage(command, complaint);
}

/* getopt's own tables, from the command's. A leading '+' leaves the words of a run command alone. */
static void make_getopt_tables(const struct command *command, struct option longs[OPTIONS_MAX],
			       char shorts[2 * OPTIONS_MAX + 3])
{
	const struct command_option *option = command->options;
	char *to = shorts;

	if (command == &command_run)
		*to++ = '+';
	*to++ = OPTION_HELP;
	for (; option && option->name; option++, longs++) {
		*longs = (struct option){ option->name,
					  option->argument ? required_argument : no_argument, NULL,
					  0 };
		if (option->letter) {
			*to++ = option->letter;
			if (option->argument)
				*to++ = ':';
		}
	}
	*to = '\0';
	*longs++ = (struct option){ "help", no_argument, NULL, OPTION_HELP };
	*longs = (struct option){ 0 };
}

/* What getopt_long() found: a letter, or 0 and the index of a long option. */
static const struct command_option *chosen_option(const struct command *command, int letter,
						  int long_index)
{
	const struct command_option *option = command->options;

	if (letter == 0)
		return option + long_index;
	while (option->letter != letter)
		option++;
	return option;
}

static void store_option(const struct command_option *option, struct arguments *arguments)
{
	char *target = (char *)arguments + option->offset;

	if (option->argument)
		*(const char **)target = optarg;
	else
		*(bool *)target = true;
}

/* Return: -1 to go on, else the exit status. */
static int parse_options(const struct command *command, int argc, char **argv,
			 struct arguments *arguments)
{
	struct option longs[OPTIONS_MAX];
	char shorts[2 * OPTIONS_MAX + 3];
	int long_index = 0;
	int letter;

	make_getopt_tables(command, longs, shorts);
	opterr = 0;
	while ((letter = getopt_long(argc, argv, shorts, longs, &long_index)) != -1) {
		if (letter == OPTION_HELP) {
			help_print_command(command);
			return STATUS_DONE;
		}
		if (letter == '?')
			return refuse_option(command, argv[optind - 1]);
		store_option(chosen_option(command, letter, long_index), arguments);
	}
	arguments->operands = argv + optind;
	arguments->operand_count = (size_t)(argc - optind);
	return -1;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct arguments arguments = { 0 };
	int status = parse_options(command, argc, argv, &arguments);

	if (status >= 0)
		return status;
	if (arguments.operand_count < command->operands_min)
		return refuse_usage(command, "an argument is missing.");
	if (arguments.operand_count > command->operands_max)
		return refuse_usage(command, "there are too many arguments.");
	if (command->needs_admin && !privilege_has_admin()) {
		fprintf(stderr, "cgfence: %s needs CAP_SYS_ADMIN; run it as root or with sudo.\n",
			command->name);
		return command->usage_status == STATUS_RUN_FAILED ? STATUS_RUN_FAILED
								  : STATUS_FAILED;
	}
	return command->run(&arguments);
}

int main(int argc, char **argv)
{
	const struct command *command;

	/* What libbpf has to say goes into the errors of the library. */
	libbpf_set_print(NULL);
	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		help_print_all(commands);
		return output_flush(STATUS_DONE);
	}
	if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
		printf("cgfence %s\n", CGFENCE_VERSION);
		return output_flush(STATUS_DONE);
	}
	command = argc >= 2 ? find_command(argv[1]) : NULL;
	if (!command) {
		fprintf(stderr,
			argc >= 2
				? "cgfence: there is no command '%s'; 'cgfence --help' lists them.\n"
				: "cgfence: say what to do; 'cgfence --help' lists the commands.\n",
			argc >= 2 ? argv[1] : "");
		return STATUS_INVALID;
	}
	return output_flush(run_command(command, argc - 1, argv + 1));
}
