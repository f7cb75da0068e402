/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What device programs of others allow, as a policy. */
#pragma once

#include "kernel/adopted.h"
#include "policy/policy.h"

#include <cgfence/foreign.h>
#include <cgfence/import.h>

/** struct live_asked - what asking the programs came to. */
struct live_asked {
	struct device_rules rules; /* of devices that exist on this host, each by its numbers */
	size_t devices;		   /* how many devices they were asked about */
	size_t left_out;	   /* how many of these they allow that do not exist here */
};

/**
 * live_open_programs() - open the programs of a list.
 * @opened: receives them, to be given to adopted_release()
 */
int live_open_programs(const struct cgfence_foreign_program *programs, size_t count,
		       struct adopted *opened, struct cgfence_error *error);

/**
 * live_ask() - ask the kernel what programs allow together.
 * @asked: receives normalised rules; to be released with device_rules_free()
 */
int live_ask(const struct adopted *programs, struct live_asked *asked, struct cgfence_error *error);
