/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/error.h>
#include <stdbool.h>

/* What the administrator wants of all containers. */
struct settings {
	char *runtime; /* NULL to look for one */
	char *policy;  /* NULL for none */
};

/**
 * settings_read() - read a file of settings.
 * @path: a file of root's that nobody else can write
 * @settings: receives them, to be given to settings_free(); empty if there is no file
 *
 * Return: 0, -EPERM if others can change it, -EINVAL if something in it is wrong, another -errno.
 */
int settings_read(const char *path, struct settings *settings, struct cgfence_error *error);

/** settings_free() - free what it points to. */
void settings_free(struct settings *settings);

/** settings_is_own() - is this the file of the program that runs? */
bool settings_is_own(const char *path);

/**
 * settings_find_runtime() - the first of runc and crun in the directories of PATH that is not this program.
 * @path: receives it, to be given to free()
 *
 * Return: 0, -ENOENT, -ENOMEM.
 */
int settings_find_runtime(char **path, struct cgfence_error *error);
