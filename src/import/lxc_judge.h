/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What LXC makes of rules for cgroup2 (src/lxc/cgroups/cgroup2_devices.c). */
#pragma once

#include "import/device_list.h"
#include "import/importing.h"

/** lxc_is_whole() - is a rule "a" alone, which says what is done with all devices and takes back the rules before it? */
bool lxc_is_whole(const struct list_rule *rule);

/** lxc_judge() - put what rules come to in their order into the policy. */
int lxc_judge(struct importing *import, const struct list_rules *rules);
