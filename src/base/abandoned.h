/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/**
 * abandoned_remove() - remove the empty directories of processes that have ended without doing so.
 * @parent: the directory that they are in; nothing is removed if it is -1
 * @prefix: their names are this, the number of a process or thread, and no more than further numbers with hyphens before
 *
 * Its process may be one of another PID namespace, but holds a lock on the directory then (flock(2)).
 */
void abandoned_remove(int parent, const char *prefix);
