/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lists of devices that a policy can start from: "defaults" of its "devices". */
#pragma once

#include "policy/device_rule.h"

/* The numbers stand in the images of fences. */
enum device_base {
	DEVICE_BASE_NONE = 0,
	DEVICE_BASE_MESOS = 1,	 /* the isolator cgroups/devices; also said as true */
	DEVICE_BASE_SYSTEMD = 2, /* what DevicePolicy=closed lets pass (src/core/bpf-devices.c) */
	DEVICE_BASE_OCI = 3,	 /* what runc 1.2 puts in by itself (libcontainer/specconv) */
	DEVICE_BASE_CONTAINER =
		4, /* what a runtime gave its container; none until cgfence_policy_fill_container() */
	DEVICE_BASE_COUNT,
};

/* The word for each; NULL for none. */
extern const char *const device_base_words[DEVICE_BASE_COUNT];

/** device_base_add() - add the entries of a base to @rules. Return: 0 or -ENOMEM. */
int device_base_add(struct device_rules *rules, enum device_base base);

/** device_base_access() - the access that a base's entry of a selector grants, 0 if it has none. */
uint8_t device_base_access(enum device_base base, uint64_t selector);
