/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process that makes sockets for another one, and passes them to it over a unix socket. */
#pragma once

#include <sys/types.h>

struct soak_supplier {
	pid_t pid;
	int channel;
};

/** soak_supplier_start() - start it where the caller is now; to be given to soak_supplier_stop(). Return: 0 or -1. */
int soak_supplier_start(struct soak_supplier *supplier);

/**
 * soak_supplier_order() - get a socket.
 * @endpoint: as in endpoint.h; TCP listens if it is bound
 *
 * Return: a descriptor, or -1 if it could not be made.
 */
int soak_supplier_order(const struct soak_supplier *supplier, const char *endpoint);

/** soak_supplier_stop() - end it. Return: 0 or -1. */
int soak_supplier_stop(const struct soak_supplier *supplier);
