/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "daemon/fences.h"

/**
 * state_tell() - tell the service manager, if there is one, what `systemctl status` is to show after a pass.
 * @failed: the pass could not look at everything
 *
 * It counts members, and yields (base/yield.h).
 */
void state_tell(const struct watch_fences *fences, size_t in_excess, bool failed);
