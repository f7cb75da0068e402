/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs of cgfence are installed in one folder, both in the tree and on a host. */
#pragma once

#include <limits.h>

/**
 * program_beside() - the path of a program in the folder of the one that runs.
 * @name: of the file, which need not be there
 * @path: receives it; undefined on failure
 *
 * Return: 0 or -errno.
 */
int program_beside(const char *name, char path[PATH_MAX]);
