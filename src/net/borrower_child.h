/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process that borrows descriptors for another one. */
#pragma once

#include <cgfence/cgfence.h>

/** borrower_take - take what @holder names. Return: a descriptor, or -errno. */
typedef int borrower_take(const struct cgfence_holder *holder);

/**
 * borrower_serve() - answer requests until nobody has made one for a second; for a process that was forked for it.
 * @socket: of SOCK_SEQPACKET, on which each request is a struct cgfence_holder, and each answer 0 with a descriptor, or
 * -errno; nothing else that the process has open is kept
 *
 * A descriptor is given on if it is of a socket which closes at once. Any other is answered with -EBADF.
 */
void borrower_serve(int socket, borrower_take *take) __attribute__((noreturn));
