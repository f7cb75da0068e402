/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The commands of the program; each has its file, and its line in the table of main.c. */
#pragma once

#include "report/output.h"

#include <stdbool.h>
#include <stddef.h>

/* The command line without its options. */
struct arguments {
	char **operands; /* ended by NULL */
	size_t operand_count;
};

/* Between the names that were given to an option whose argument is NAMES; it is in no name. */
#define COMMAND_NAMES_JOINT "\n"

/* An option, declared in the file of its command together with what it sets: both, if its argument may be left out. */
struct command_option {
	char letter; /* 0 if it has only a long name */
	const char *name;
	const char *
		argument; /* in the help, NULL if it takes none; of several, PORTS and NAMES add up */
	const char *help;
	bool *flag; /* set if it takes no argument, or none is needed; then it has no letter */
	const char **value; /* set to the argument if it takes one; to NULL if that is left out */
};

/* The option of every command that can print JSON. */
#define COMMAND_OPTION_JSON(json, what)                         \
	{                                                       \
		'j', "json", NULL, "print " what, &(json), NULL \
	}

struct command {
	const char *name;
	const char *synopsis; /* the usage after the name; a line for each form */
	const char *summary;
	const char *description;
	const char *example;
	const struct command_option *options; /* ended by a NULL name; may be NULL */
	size_t operands_min;
	size_t operands_max;
	bool needs_admin;	       /* works on kernel state and needs CAP_SYS_ADMIN */
	bool runs_operands;	       /* the operands are a command with its own options */
	enum exit_status usage_status; /* for wrong usage */
	int (*run)(const struct arguments *arguments);
};

extern const struct command command_adopt;
extern const struct command command_allow;
extern const struct command command_apply;
extern const struct command command_attach;
extern const struct command command_check;
extern const struct command command_denials;
extern const struct command command_detach;
extern const struct command command_doctor;
extern const struct command command_explain;
extern const struct command command_help;
extern const struct command command_import;
extern const struct command command_learn;
extern const struct command command_list;
extern const struct command command_metrics;
extern const struct command command_oci_hook;
extern const struct command command_reconcile;
extern const struct command command_release;
extern const struct command command_revoke;
extern const struct command command_run;
extern const struct command command_show;
extern const struct command command_status;
extern const struct command command_top;
extern const struct command command_watch;
