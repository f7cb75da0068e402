/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Patterns of the names of cgroups as struct cgfence_glob. */
#pragma once

#include <cgfence/abi.h>
#include <stdbool.h>

/**
 * name_glob_compile() - make the automaton of a pattern, which matches what fnmatch(3) does.
 * @pattern: of one name (glob(7)); a backslash has no special meaning, and a character is a byte
 * @length: of @pattern
 * @glob: receives the automaton
 *
 * Return: the number of classes of bytes, 1 to 256, or -ENOMEM.
 */
int name_glob_compile(const char *pattern, size_t length, struct cgfence_glob *glob);

/** name_glob_matches() - does a name match? As the kernel program decides. */
bool name_glob_matches(const struct cgfence_glob *glob, const char *name);
