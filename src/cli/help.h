/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Help, from the table of the commands. */
#pragma once

#include "cli/command.h"

/** help_begin() - set the list of commands, in the order of the help, ended by NULL; call it first. */
void help_begin(const struct command *const *known);

/** help_print_all() - print all commands, one a line. */
void help_print_all(void);

/** help_print_command() - print the description of a command, its options and an example. */
void help_print_command(const struct command *command);

/**
 * help_refuse_usage() - report wrong usage of a command, and print its usage.
 * @format: a sentence without its full stop
 *
 * Return: the exit status of the command for wrong usage.
 */
int help_refuse_usage(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** help_refuse_privilege() - print that @what needs CAP_SYS_ADMIN. Return: @status. */
int help_refuse_privilege(const char *what, int status);

/** help_find_command() - a command by its name; if there is none, report it with the nearest name and return NULL. */
const struct command *help_find_command(const char *name);
