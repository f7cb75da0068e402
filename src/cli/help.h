/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Help, from the same table as the commands themselves. */
#pragma once

#include "cli/command.h"

#include <stdio.h>

/** help_print_command() - what a command does, its options and an example. */
void help_print_command(const struct command *command);

/** help_print_usage() - the forms of a command, for who got them wrong. */
void help_print_usage(FILE *file, const struct command *command);

/** help_print_all() - all commands, ended by NULL, in a line each. */
void help_print_all(const struct command *const *commands);
