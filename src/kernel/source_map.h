/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The map in which a fence remembers its policy as text. No program reads it; it is bound to those of the fence, comes
 * into force with them, and ends with them.
 */
#pragma once

#include <cgfence/cgfence.h>

/** source_map_create() - put text into a frozen map of its own; @fd receives its descriptor. */
int source_map_create(const char *text, int *fd, struct cgfence_error *error);

/** source_map_open() - open it by its id. Return: 0, -EAGAIN if it is gone with the policy, another -errno. */
int source_map_open(uint32_t id, int *fd, struct cgfence_error *error);

/** source_map_read() - read it back; @text receives it, to be given to free(). */
int source_map_read(uint32_t id, char **text, struct cgfence_error *error);

/** source_map_bind() - let a program hold the map (BPF_PROG_BIND_MAP, Linux 5.10). */
int source_map_bind(int fd, int program, struct cgfence_error *error);
