/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The commands of the program: one file each, one line each in the table of main.c. */
#pragma once

#include "report/output.h"

#include <stdbool.h>
#include <stddef.h>

/* What the command line says. Options that a command does not have keep their zero. */
struct arguments {
	bool all;
	bool force;
	bool json;
	bool prune;
	bool dry_run;
	const char *policy;
	const char *name;
	const char *interval;
	const char *apply;
	char **operands; /* ended by NULL */
	size_t operand_count;
};

struct command_option {
	char letter; /* 0 if it has only a long name */
	const char *name;
	const char *argument; /* what help calls it, NULL if it takes none */
	const char *help;
	size_t offset; /* of the bool or the string in struct arguments */
};

struct command {
	const char *name;
	const char *synopsis; /* what follows the name; a line for each form */
	const char *summary;
	const char *description;
	const char *example;
	const struct command_option *options; /* ended by a NULL name; may be NULL */
	size_t operands_min;
	size_t operands_max;
	bool needs_admin;	       /* works on the kernel's state, so needs CAP_SYS_ADMIN */
	enum exit_status usage_status; /* for wrong usage */
	int (*run)(const struct arguments *arguments);
};

extern const struct command command_allow;
extern const struct command command_apply;
extern const struct command command_attach;
extern const struct command command_check;
extern const struct command command_denials;
extern const struct command command_detach;
extern const struct command command_explain;
extern const struct command command_reconcile;
extern const struct command command_revoke;
extern const struct command command_run;
extern const struct command command_show;
extern const struct command command_status;
extern const struct command command_watch;
