// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "hook.h"
#include "device_program.h"

static bool devices_wanted(const struct cgfence_policy *policy)
{
	return policy->devices_fenced;
}

const struct hook hooks[HOOK_COUNT] = {
	{ "device", BPF_CGROUP_DEVICE, devices_wanted, device_program_load },
};
