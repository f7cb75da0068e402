/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts whose lines are "KEY = VALUE". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LINE_SIZE 4096

struct line {
	size_t number; /* from 1 */
	char text[LINE_SIZE];
	const char *key;   /* within the text; empty if the line has no separator */
	const char *value; /* within the text, without blanks and quotes around it */
};

/**
 * lines_next() - read the next line that is neither empty nor a comment.
 * @text: moved on
 * @length: of what is left of @text
 * @separators: the characters of which the first ends the key
 * @line: its number is 0 at first; what is too long for it is cut
 *
 * Return: false at the end.
 */
bool lines_next(const char **text, size_t *length, const char *separators, struct line *line);

/** line_strip() - take the blanks off both ends. Return: where in @text the rest begins. */
char *line_strip(char *text);
