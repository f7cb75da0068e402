/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts that are read line by line, such as those whose lines are "KEY = VALUE". */
#pragma once

#include "import/importing.h"

#include <stdbool.h>
#include <stddef.h>

/* A copy of a text, which is cut into its lines. */
struct lines {
	char *text;
	char *next;    /* NULL at the end */
	size_t number; /* of the line that was read last, from 1 */
};

struct line {
	size_t number;
	char *key;   /* empty if the line has no separator */
	char *value; /* without blanks and quotes around it */
};

/** lines_begin() - copy the file of an import. @lines is to be given to lines_end(). Return: 0 or -ENOMEM. */
int lines_begin(const struct importing *import, struct lines *lines);

/** lines_take() - the next line as it is, which may be changed. Return: NULL at the end. */
char *lines_take(struct lines *lines);

/**
 * A function that is given a line, which it may cut, and whose beginning it may move on.
 *
 * Return: does it go on in the next?
 */
typedef bool lines_continue(char **line);

/**
 * lines_take_joined() - the next line with those that continue it.
 * @goes_on: is asked about each
 * @number: receives that of the first line with text
 * @unfinished: receives whether the text ends where the line goes on
 *
 * Return: NULL at the end.
 */
char *lines_take_joined(struct lines *lines, lines_continue *goes_on, size_t *number,
			bool *unfinished);

/**
 * lines_next() - read the next line that is neither empty nor a comment.
 * @separators: the characters of which the first ends the key
 *
 * Return: false at the end.
 */
bool lines_next(struct lines *lines, const char *separators, struct line *line);

/** lines_end() - free the copy. */
void lines_end(struct lines *lines);

#define cleanup_lines __attribute__((cleanup(lines_end)))

/** line_strip() - take the blanks off both ends. Return: where in @text the rest begins. */
char *line_strip(char *text);
