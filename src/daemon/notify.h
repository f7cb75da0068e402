/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The protocol of sd_notify(3), which systemd documents as stable and open to other implementations. libsystemd would
 * load five more libraries into every command.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** notify_send() - tell the service manager, if there is one, such as "READY=1". */
void notify_send(const char *state);

/** notify_is_wanted() - is there a service manager to tell? */
bool notify_is_wanted(void);

/** notify_watchdog_ns() - how often the service manager wants "WATCHDOG=1" at least; 0 if it does not. */
uint64_t notify_watchdog_ns(void);
