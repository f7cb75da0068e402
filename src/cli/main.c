// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finds the command, reads its options with its own table, and runs it. */
#include "cli/command.h"
#include "cli/help.h"
#include "cli/options.h"
#include "base/privilege.h"

#include <string.h>

static const struct command *const commands[] = {
	/* clang-format off */
	/* Make and change fences; the help has this order. */
	&command_attach,
	&command_detach,
	&command_allow,
	&command_revoke,
	&command_adopt,
	&command_release,
	&command_apply,
	&command_run,
	&command_oci_hook,
	/* Tell of them. */
	&command_list,
	&command_status,
	&command_show,
	&command_check,
	&command_explain,
	&command_import,
	&command_learn,
	&command_denials,
	/* Watch over them. */
	&command_reconcile,
	&command_watch,
	&command_top,
	&command_metrics,
	&command_doctor,
	&command_help,
	NULL,
	/* clang-format on */
};

static int run_command(const struct command *command, int argc, char **argv)
{
	struct arguments arguments = { 0 };
	int status = options_parse(command, argc, argv, &arguments);

	if (status >= 0)
		return status;
	if (arguments.operand_count < command->operands_min)
		return help_refuse_usage(command, "an argument is missing");
	if (arguments.operand_count > command->operands_max)
		return help_refuse_usage(command, "there are too many arguments");
	if (command->needs_admin && !privilege_has_admin())
		return help_refuse_privilege(command->name,
					     command->usage_status == STATUS_RUN_FAILED
						     ? STATUS_RUN_FAILED
						     : STATUS_FAILED);
	return command->run(&arguments);
}

static bool is_option(const char *word, const char *letter, const char *name)
{
	return strcmp(word, letter) == 0 || strcmp(word, name) == 0;
}

static int run(int argc, char **argv)
{
	const struct command *command;

	cgfence_claim_libbpf();
	if (argc < 2) {
		output_complain("no command is given; 'cgfence --help' lists the commands");
		return STATUS_INVALID;
	}
	if (is_option(argv[1], "-h", "--help")) {
		help_print_all();
		return STATUS_DONE;
	}
	if (is_option(argv[1], "-V", "--version")) {
		printf("cgfence %s\n", CGFENCE_VERSION);
		return STATUS_DONE;
	}
	command = help_find_command(argv[1]);
	return command ? run_command(command, argc - 1, argv + 1) : STATUS_INVALID;
}

int main(int argc, char **argv)
{
	output_begin();
	help_begin(commands);
	return output_flush(run(argc, argv));
}
