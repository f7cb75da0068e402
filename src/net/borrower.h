/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Takes descriptors by a process that may be left behind. Whoever holds a descriptor may put another file in its place at
 * any time. If that is of a file system that the process serves itself (FUSE, which any user may mount in a user
 * namespace), close(2) waits for it, and not even SIGKILL ends that (fuse_flush, fs/fuse/file.c).
 */
#pragma once

#include "net/borrower_child.h"

/**
 * borrower_ask() - have the descriptor taken that @holder names, if it is of a socket which closes at once.
 *
 * The process that does it is kept for the next one. It is left behind if it does not answer in time, and then nobody waits
 * for another descriptor of the same task, nor, after a few of these, of any, until borrower_end(). Meanwhile yield_now() is
 * called, within which nobody can ask.
 *
 * Return: a descriptor that the caller closes; -EBADF if it is of something else; -ETIMEDOUT if that could not be told in
 * time; -EBUSY within another call, or if too many processes that were left behind are still there; another -errno.
 */
int borrower_ask(borrower_take *take, const struct cgfence_holder *holder);

/** borrower_end() - end the process, as at the end of a pass. */
void borrower_end(void);
