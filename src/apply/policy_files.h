/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/**
 * policy_files_list() - the policy files that a path stands for.
 * @path: a directory, for all files in it that end in ".json" and are not hidden, in the order of their names; or anything
 *	else, which is one file, there or not
 * @files: receives an array for policy_files_free()
 */
int policy_files_list(const char *path, char ***files, size_t *count, struct cgfence_error *error);

/** policy_files_free() - free what policy_files_list() gave. */
void policy_files_free(char **files, size_t count);
