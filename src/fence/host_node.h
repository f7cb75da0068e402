/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device nodes of this host. */
#pragma once

#include <sys/stat.h>

/**
 * host_node_find() - the node of a device, as the kernel names it.
 * @mode: S_IFCHR or S_IFBLK
 * @status: receives its owner and mode
 *
 * Return: its path, to be given to free(); NULL if the host has none.
 */
char *host_node_find(mode_t mode, dev_t device, struct stat *status);
