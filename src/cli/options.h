/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "cli/command.h"

/**
 * options_parse() - read the options of a command, with its own table, into the variables of the table.
 * @argv: begins with the name of the command; options and operands may be mixed, and are reordered
 * @arguments: receives the operands
 *
 * Return: -1 to continue, else the exit status, after --help or wrong options.
 */
int options_parse(const struct command *command, int argc, char **argv,
		  struct arguments *arguments);
