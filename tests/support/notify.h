/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The readiness protocol of systemd, sd_notify(3), from its side. Without Criterion. */
#pragma once

/**
 * notify_open() - make the socket that programs started from now on send their notices to, by NOTIFY_SOCKET.
 *
 * Its name is abstract, and so of the network namespace.
 *
 * Return: a descriptor to receive notices from, or -errno.
 */
int notify_open(void);
