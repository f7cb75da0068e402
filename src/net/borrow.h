/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Borrows a socket from another process. Whoever has borrowed all that it wants calls borrower_end(). */
#pragma once

#include <cgfence/cgfence.h>

/**
 * socket_borrow_descriptor() - a copy of the descriptor that @holder names (pidfd_getfd(2)), if it is a socket of the
 * internet or of the host, and one that listens if it is of TCP.
 *
 * Return: a descriptor that the caller closes; -EBADF or -ESRCH if the descriptor or the task is gone; -EOPNOTSUPP if
 * the thread has its own descriptor table and the kernel is older than 6.9; another -errno.
 */
int socket_borrow_descriptor(const struct cgfence_holder *holder);

/**
 * socket_is() - is this descriptor the socket with this cookie?
 * @inode: of the socket, used for MPTCP
 *
 * An MPTCP socket listens by a TCP socket inside it, which has no descriptor, its own cookie and the same inode number
 * (mptcp_subflow_create_socket, net/mptcp/subflow.c). So the inode number identifies an MPTCP socket that listens.
 */
bool socket_is(int fd, uint64_t cookie, uint32_t inode);

/**
 * socket_borrow() - a descriptor of the very socket that a task holds.
 *
 * Return: a descriptor that the caller closes, or -1 if the task, its descriptor or the right to it is gone.
 * Descriptors of threads with their own table cannot be borrowed before 6.9.
 */
int socket_borrow(const struct cgfence_holder *holder);

/**
 * socket_borrow_netns() - a descriptor of the network namespace of the socket, whose cookie need not be known.
 *
 * Return: a descriptor that the caller closes, or -errno.
 */
int socket_borrow_netns(const struct cgfence_holder *holder);

/** socket_serves() - does it listen, or have a port if it is a datagram socket? */
bool socket_serves(int fd);
