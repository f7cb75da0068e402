/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The width of text on a terminal, in columns (wcwidth(3)); for printable UTF-8, in any locale. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** width_of() - the columns that text takes. */
size_t width_of(const char *text);

/**
 * width_shorten() - text of at most @columns, with an ellipsis for the part that is left out.
 * @text: loses its end; a path, which begins with a slash, loses its beginning
 *
 * Return: a string to be given to free(), NULL if out of memory.
 */
char *width_shorten(const char *text, size_t columns);

/**
 * width_substitute() - text without the characters of which it is not known how many columns they take.
 * @ascii: without all that is not ASCII, too
 *
 * A '?' stands for each column of them, '~' for an ellipsis. Return: a string to be given to free(), NULL if out of memory.
 */
char *width_substitute(const char *text, bool ascii);
