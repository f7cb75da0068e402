/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What runc makes of a list, also for the engines on top of it. */
#pragma once

#include "import/device_list.h"
#include "import/importing.h"

/**
 * runc_finish() - put what a list of rules comes to into the policy.
 * @spec: the specification whose nodes take the place of runc's own; NULL for none
 * @rules: those of the specification; runc's own are added
 */
int runc_finish(struct importing *import, const json_t *spec, struct list_rules *rules);
