/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an engine asks its runtime to do, as far as a wrapper has to know. */
#pragma once

#include <cgfence/error.h>
#include <stdbool.h>
#include <stddef.h>

struct command_line {
	/* Of the wrapper itself, before all else. */
	size_t own_count;    /* how many words after the first these are */
	const char *runtime; /* --cgfence-runtime; NULL for none */
	const char *policy;  /* --cgfence-policy; NULL for none */
	bool help;	     /* --cgfence-help */

	const char *log; /* where the runtime is to write its errors; NULL for none */
	bool log_is_json;
	bool creates;	    /* a container: create, run, restore */
	bool restores;	    /* it is the last of these */
	const char *bundle; /* where it is; NULL for the working directory */
	const char *config; /* the file in place of its config.json; NULL for none */
};

/**
 * command_line_read() - read the words that runc and crun take.
 * @words: ended by NULL; the first is the name of the program
 * @line: receives what they say; it points into them
 *
 * An option of the runtime that is unknown here may take a value or not. If a word after one may be the command, and may
 * create a container, nobody can tell.
 *
 * Return: 0, -EINVAL if nobody can tell, or for an option of the wrapper that is unknown.
 */
int command_line_read(char **words, struct command_line *line, struct cgfence_error *error);
