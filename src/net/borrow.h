/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Borrows a socket from another process. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * socket_borrow() - a descriptor of the very socket that a task holds (pidfd_getfd(2)).
 *
 * Return: a descriptor that the caller closes, or -1 if the task, its descriptor or the right to it is gone.
 * Descriptors of threads with their own table cannot be borrowed before 6.9.
 */
int socket_borrow(const struct cgfence_holder *holder);

/** socket_borrow_netns() - a descriptor of the network namespace of the socket; -1 as above. */
int socket_borrow_netns(const struct cgfence_holder *holder);
