/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Borrows a descriptor by a process that may be left behind. */
#pragma once

/**
 * borrow_by_child() - have a process take a descriptor, and give it on if that is a socket which closes at once.
 * @take: is called in the process, without any other descriptor; returns a descriptor, or -errno
 *
 * Whoever holds the descriptor may put another file in its place at any time. If that is of a file system of its own
 * (FUSE), close(2) waits for it, and not even SIGKILL ends that (fuse_flush, fs/fuse/file.c).
 *
 * Return: a descriptor that the caller closes; -EBADF if it is of something else; -ETIMEDOUT if that could not be told in
 * time; another -errno.
 */
int borrow_by_child(int (*take)(const void *argument), const void *argument);
