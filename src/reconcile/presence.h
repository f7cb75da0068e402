/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is a listener still there, and does it still belong to the fence? */
#pragma once

#include "reconcile/action.h"

/** action_listens_now() - does the socket listen? If in doubt, it does. */
bool action_listens_now(struct action *act);

/** action_is_present() - does it listen, and belong to the fence? Return: 0, or -errno if that is unknown. */
int action_is_present(struct action *act, bool *present);
