/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How wide text is on a terminal: columns, not bytes (wcwidth(3)). For printable UTF-8, in whatever locale. */
#pragma once

#include <stddef.h>

/** width_of() - the columns that text takes. */
size_t width_of(const char *text);

/**
 * width_shorten() - text of at most @columns, with an ellipsis for what is left out.
 * @text: the end is left out; of a path, which begins with a slash, the beginning
 *
 * Return: a string to be given to free(), NULL if out of memory.
 */
char *width_shorten(const char *text, size_t columns);
