/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Threads of the kernel that serve io_urings (IORING_SETUP_SQPOLL) of which none was found. While an io_uring is made or
 * closed, there is such a thread for a moment. One that stays serves an io_uring that is mapped and nothing else, and by
 * its registered files it may serve a listener that nobody sees.
 */
#pragma once

#include "reconcile/holders.h"

/** servers_wait() - wait until those that are there for a moment are gone or found, yielding meanwhile. */
void servers_wait(void);

/** servers_narrow() - leave in @list what is in @other too. Both are sorted: a fence may have thousands of these threads. */
void servers_narrow(struct holders *list, struct holders *other);

/** servers_keep() - let @last be @now, which is empty then. */
void servers_keep(struct holders *last, struct holders *now);

/** servers_report() - say that the io_uring of one cannot be looked at. Return: -EOPNOTSUPP. */
int servers_report(const struct cgfence_holder *server, struct cgfence_error *error);
