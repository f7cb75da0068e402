/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * policy_files_list() - the policy files of a path.
 * @path: a directory, for all its files that end in ".json" and are not hidden, in the order of their names; any other
 *	path is one file, which need not exist
 * @files: receives an array for policy_files_free()
 */
int policy_files_list(const char *path, char ***files, size_t *count, struct cgfence_error *error);

/** policy_files_free() - free the array of policy_files_list(). */
void policy_files_free(char **files, size_t count);
