/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads directories by what they are in, so that no path grows too long. */
#pragma once

#include <dirent.h>
#include <stdbool.h>

/** entries_open() - open the directory @name in @parent. Return: to be given to closedir(3), NULL with errno. */
DIR *entries_open(int parent, const char *name);

/** entries_is_directory() - is it a directory, which may have a period in front of its name, and not "." or ".."? */
bool entries_is_directory(const struct dirent *entry);

static inline void cleanup_close_entries(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#define cleanup_entries __attribute__((cleanup(cleanup_close_entries)))
