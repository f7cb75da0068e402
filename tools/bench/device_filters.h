/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device filters that are compared, each attached to a cgroup of its own. */
#pragma once

#include "probe.h"

#define DEVICE_SIZES 5
#define DEVICE_RUNC_FILTERS 5

struct filter {
	struct probe_place place;
	int program; /* -1 if there is none */
};

struct bench_peers;

struct device_filters {
	struct filter none, empty, hash;
	struct filter enforcing[DEVICE_SIZES], auditing[DEVICE_SIZES];
	struct filter runc[DEVICE_RUNC_FILTERS];
	struct bench_peers *peers;
	int companion; /* an empty program, attached to none of them */
};

/* Entries of the cgfence filters, ascending. */
extern const size_t device_sizes[DEVICE_SIZES];

/* Of the hash map. */
#define DEVICE_HASH_ENTRIES 200

struct device_runc {
	size_t entries;
	const char *access; /* of those that are not of the defaults */
	const char *label;
};

extern const struct device_runc device_runc[DEVICE_RUNC_FILTERS];

/* After so many setups each of them was the first to be made. */
#define DEVICE_SETUPS (2 * DEVICE_SIZES + DEVICE_RUNC_FILTERS + 1)

/**
 * device_filters_make() - what runc does not make is noted, and has program -1.
 * @setup: how often that was done before; another filter is the first to be made each time
 */
void device_filters_make(struct bench *bench, struct device_filters *filters, size_t setup);

/** device_filters_remove() - take them all away again. */
void device_filters_remove(struct bench *bench, struct device_filters *filters);
