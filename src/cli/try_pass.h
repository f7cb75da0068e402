/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "cli/trying.h"

/** try_pass() - try what the reconciler does for a fence on @cgroup, whose policy it replaces. */
void try_pass(const struct cgfence_cgroup *cgroup, struct tries *tries);
