/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <stddef.h>

/**
 * proc_walk() - find out who holds which listening TCP socket as the network/ports isolator of Mesos does: ask sock_diag
 * for the listeners of both families, and read the links in /proc/PID/fd of each process.
 * @held: receives how many descriptors are listeners
 *
 * Return: 0 or -errno.
 */
int proc_walk(size_t *held);
