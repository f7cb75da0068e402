/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "report/finding.h"

/** doctor_look_at_others() - find the programs of others on the cgroups of this host, and those that forbid fences. */
void doctor_look_at_others(struct findings *findings);
