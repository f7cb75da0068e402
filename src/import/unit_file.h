/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Unit files of systemd (systemd.syntax(7)). */
#pragma once

#include "import/importing.h"

struct unit_line {
	const char *section; /* without its brackets */
	const char *key;
	char *value;	   /* with continued lines joined; may be changed */
	const char *place; /* "FILE:3" */
};

/** A function that is given each assignment. Return: 0, or what ends the reading. */
typedef int unit_line_callback(struct unit_line *line, void *context);

/** unit_file_read() - read the files of an import one after the other. Return: 0 or what @read returned, -ENOMEM. */
int unit_file_read(const struct importing *import, unit_line_callback *read, void *context);

/**
 * unit_file_word() - take the next word off a value, without its quotes.
 * @value: moved on
 *
 * Return: the word, within the value; NULL at the end, or if a quote is not closed.
 */
char *unit_file_word(char **value);

/** unit_file_simplify_path() - take needless slashes and components of one dot out of an absolute path. */
void unit_file_simplify_path(char *path);

/** unit_file_goes_up() - has an absolute path a component of two dots? systemd takes none that has. */
bool unit_file_goes_up(const char *path);
