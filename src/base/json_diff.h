/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/**
 * json_diff() - what differs between two JSON texts that were written alike, one value a line.
 * @before, @after: indented text
 * @diff: receives lines that begin with '-' or '+', each after the keys it stands below, which begin with a blank; ""
 *	if nothing differs; to be given to free()
 *
 * The comma at the end of a line is left out, for it says of the next line rather than of its own.
 *
 * Return: 0 or -ENOMEM.
 */
int json_diff(const char *before, const char *after, char **diff);
