/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Closes a listener, or silences it where it cannot be closed. */
#pragma once

#include "reconcile/action.h"

/** action_silence() - have nothing reach the socket. Return: 0 or -errno. */
int action_silence(struct action *act, struct cgfence_error *failure);

/** action_close() - destroy the socket, or silence it if that cannot be; sets the result. */
void action_close(struct action *act);
