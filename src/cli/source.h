/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `import` reads: files, and units as systemd sees them. */
#pragma once

#include <cgfence/import.h>

/**
 * source_read() - read a file, or standard input for "-".
 * @path: borrowed by the source
 * @source: receives a text to be given to source_free()
 *
 * Return: 0, -ENOENT if there is no such file, another -errno.
 */
int source_read(const char *path, struct cgfence_import_source *source,
		struct cgfence_error *error);

/** source_read_unit() - read a unit of systemd with its drop-ins, as `systemctl cat` prints them. */
int source_read_unit(const char *unit, struct cgfence_import_source *source,
		     struct cgfence_error *error);

/** source_free() - free the text. */
void source_free(struct cgfence_import_source *source);
