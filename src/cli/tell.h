/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells systemd what an adopted fence decides, so that what it attaches later agrees. */
#pragma once

#include "cli/named.h"

#include <cgfence/cgfence.h>

/**
 * tell_systemd() - change DeviceAllow= of the unit of an adopted fence, and report it.
 * @edit: of devices, which the fence has got
 *
 * What fails is complained of, and no failure of the command: the fence decides already.
 */
void tell_systemd(const struct named_fence *named, const struct cgfence_edit *edit);
