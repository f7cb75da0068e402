/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Help, from the same table as the commands themselves. */
#pragma once

#include "cli/command.h"

/** help_begin() - tell the help which commands there are, in its order, ended by NULL; before all else. */
void help_begin(const struct command *const *known);

/** help_print_all() - all commands, in a line each. */
void help_print_all(void);

/** help_print_command() - what a command does, its options and an example. */
void help_print_command(const struct command *command);

/**
 * help_refuse_usage() - say what is wrong with how a command was called, and how it is called.
 * @format: a sentence without its full stop
 *
 * Return: its exit status for wrong usage.
 */
int help_refuse_usage(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** help_find_command() - a command by its name; NULL after it was said that there is none, and which is meant. */
const struct command *help_find_command(const char *name);
