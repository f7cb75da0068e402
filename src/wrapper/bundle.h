/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/error.h>
#include <stdbool.h>

/**
 * bundle_add_hook() - do config_add_hook() to a file.
 * @path: of config.json; it is replaced whole, and keeps its owner and its mode, or not at all
 * @program: the path of cgfence
 * @policy: NULL for none
 * @wanted: receives whether the container is to have the hook
 *
 * Return: 0 or -errno.
 */
int bundle_add_hook(const char *path, const char *program, const char *policy, bool *wanted,
		    struct cgfence_error *error);
