// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/options.h"
#include "base/cleanup.h"
#include "base/nearest.h"
#include "cli/help.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 16

/* getopt_long() returns this plus the index of a long option. Letters are below. */
#define LONG_BASE 256
#define LETTER_HELP 'h'

struct tables {
	struct option longs[OPTIONS_MAX + 2];
	char shorts[2 * OPTIONS_MAX + 4];
};

/* Both a flag and a value: the argument may be left out. */
static int takes_argument(const struct command_option *option)
{
	return !option->argument ? no_argument
	       : option->flag	 ? optional_argument
				 : required_argument;
}

/* A leading '+' ends the options at the first operand; ':' tells a missing value from an unknown option. */
static void make_tables(const struct command *command, struct tables *tables)
{
	struct option *to_long = tables->longs;
	char *to = tables->shorts;

	if (command->runs_operands)
		*to++ = '+';
	*to++ = ':';
	*to++ = LETTER_HELP;
	for (const struct command_option *option = command->options; option && option->name;
	     option++) {
		int index = (int)(option - command->options);

		*to_long++ = (struct option){ option->name, takes_argument(option), NULL,
					      LONG_BASE + index };
		if (option->letter) {
			*to++ = option->letter;
			if (option->argument)
				*to++ = ':';
		}
	}
	*to = '\0';
	*to_long++ = (struct option){ "help", no_argument, NULL, LONG_BASE + OPTIONS_MAX };
	*to_long = (struct option){ 0 };
}

static const struct command_option *find_option(const struct command *command, int code)
{
	const struct command_option *option = command->options;

	if (code >= LONG_BASE)
		return option + (code - LONG_BASE);
	while (option->letter != code)
		option++;
	return option;
}

static int refuse_unknown(const struct command *command, const char *word)
{
	int length = (int)strcspn(word, "=");
	char hint[NEAREST_HINT_SIZE];
	struct nearest nearest;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", length > 2 ? length - 2 : 0, word + 2);
	nearest = nearest_begin(name);
	for (const struct command_option *option = command->options; option && option->name;
	     option++)
		nearest_try(&nearest, option->name);
	nearest_try(&nearest, "help");
	*hint = '\0';
	if (nearest.best)
		snprintf(hint, sizeof(hint), "; did you mean '--%s'?", nearest.best);
	return help_refuse_usage(command, "unknown option '%.*s'%s", length, word, hint);
}

/* @result: of getopt_long(), which left the option in optopt, or 0 there for an unknown long one */
static int refuse_option(const struct command *command, int result, const char *word)
{
	const char *needs = result == ':' ? "needs a value" : "takes no value";
	bool is_known = result == ':' || optopt >= LONG_BASE;

	if (!optopt)
		return refuse_unknown(command, word);
	/* The word may have other letters too. */
	if (!is_known)
		return help_refuse_usage(command, "unknown option '-%c'", optopt);
	if (optopt < LONG_BASE)
		return help_refuse_usage(command, "option '-%c' %s", optopt, needs);
	return help_refuse_usage(
		command, "option '--%s' %s",
		optopt == LONG_BASE + OPTIONS_MAX ? "help" : find_option(command, optopt)->name,
		needs);
}

/* An entry of a policy that may stand for nothing, "-/dev/kvm rw" or "-c mei:* rw", whole or in words; no option is alike. */
static bool is_optional_entry(const char *word, const char *before)
{
	if (word[0] != '-' || !word[1])
		return false;
	return word[1] == '/' || (strchr("abc", word[1]) &&
				  (word[2] == ' ' || (!word[2] && strcmp(before, "device") == 0)));
}

/* Such words go without their '-' while options are parsed. Return: a copy of @argv, to be compared with. */
static char **hide_entries(const struct command *command, int argc, char **argv)
{
	char **before = calloc((size_t)argc + 1, sizeof(*before));

	for (int i = 0; before && i < argc; i++)
		before[i] = argv[i];
	/* The program that a command runs has options of its own. */
	for (int i = 1; before && !command->runs_operands && i < argc; i++) {
		if (strcmp(before[i], "--") == 0)
			break;
		argv[i] += is_optional_entry(before[i], before[i - 1]);
	}
	return before;
}

static char *show_entry(char *const *before, char *word)
{
	for (size_t i = 0; before[i]; i++) {
		/* Behind an empty word the next one begins. */
		if (*before[i] && word == before[i] + 1)
			return before[i];
	}
	return word;
}

/* Such text lasts as long as the program. */
static const char *join(const char *first, const char *joint, const char *second)
{
	char *joined = NULL;

	/* None, which is refused: without the ports, they would not be fenced. */
	return asprintf(&joined, "%s%s%s", first, joint, second) < 0 ? "" : joined;
}

/* Return: NULL if the last argument counts alone. */
static const char *find_joint(const struct command_option *option)
{
	static const struct {
		const char *argument;
		const char *joint;
	} joints[] = { { "PORTS", "," }, { "NAMES", COMMAND_NAMES_JOINT } };

	for (size_t i = 0; option->argument && i < sizeof(joints) / sizeof(joints[0]); i++) {
		if (strcmp(option->argument, joints[i].argument) == 0)
			return joints[i].joint;
	}
	return NULL;
}

static void store(const struct command_option *option, char *const *before)
{
	const char *argument = optarg ? show_entry(before, optarg) : NULL;
	const char *joint = find_joint(option);

	if (joint && *option->value)
		*option->value = join(*option->value, joint, argument);
	else if (option->argument)
		*option->value = argument;
	if (option->flag)
		*option->flag = true;
}

int options_parse(const struct command *command, int argc, char **argv, struct arguments *arguments)
{
	cleanup_free char **before = hide_entries(command, argc, argv);
	struct tables tables;
	int code;

	if (!before)
		return help_refuse_usage(command, "out of memory");
	make_tables(command, &tables);
	opterr = 0;
	while ((code = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1) {
		if (code == LETTER_HELP || code == LONG_BASE + OPTIONS_MAX) {
			help_print_command(command);
			return STATUS_DONE;
		}
		if (code == '?' || code == ':')
			return refuse_option(command, code, argv[optind - 1]);
		store(find_option(command, code), before);
	}
	arguments->operands = argv + optind;
	arguments->operand_count = (size_t)(argc - optind);
	for (size_t i = 0; i < arguments->operand_count; i++)
		arguments->operands[i] = show_entry(before, arguments->operands[i]);
	return -1;
}
