/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hooks a fence can have, each a link that is pinned under the hook's name. */
#pragma once

#include "fence_maps.h"
#include "policy.h"

#include <linux/bpf.h>

struct hook {
	const char *name; /* of the pin, and in status */
	enum bpf_attach_type attach_type;
	bool (*wanted)(const struct cgfence_policy *policy);
	int (*load)(struct fence_maps *maps, int *program, struct cgfence_error *error);
};

#define HOOK_COUNT 1

extern const struct hook hooks[HOOK_COUNT];
