/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "cli/command.h"

/**
 * options_parse() - read the options of a command, by its own table, into the variables that it names.
 * @argv: begins with the name of the command; options and operands may be mixed, and are sorted
 * @arguments: receives the operands
 *
 * Return: -1 to go on, else the exit status: the help was asked for, or something is wrong with the options.
 */
int options_parse(const struct command *command, int argc, char **argv,
		  struct arguments *arguments);
