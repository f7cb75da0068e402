/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The port rules that are compared, each attached to a cgroup of its own. */
#pragma once

#include "probe.h"

#include <stddef.h>

#define BIND_SIZES 3

/* Ranges of ten ports, fifty apart. */
#define BIND_RANGE_PORT(index) (20000 + (index)*50)
#define BIND_RANGE_LENGTH 10

/* Ranges of the fences and of the lists, ascending. */
extern const size_t bind_sizes[BIND_SIZES];

struct bench_peers;

struct bind_rules {
	struct probe_place place;
	struct bench_peers *peers; /* if it has programs of the benchmark's */
};

struct bind_setup {
	struct bind_rules none, empty, fences[BIND_SIZES], lists[BIND_SIZES];
};

/** bind_load_peers() - a set of the benchmark's programs, to be given to bench_peers__destroy(). */
struct bench_peers *bind_load_peers(struct bench *bench);

/* After so many setups each of them was the first to be made. */
#define BIND_SETUPS (2 * BIND_SIZES + 1)

/**
 * bind_setup_make() - attach them all.
 * @times: how often that was done before; another one is the first to be made each time
 */
void bind_setup_make(struct bench *bench, struct bind_setup *setup, size_t times);

/** bind_setup_remove() - take them all away again. */
void bind_setup_remove(struct bench *bench, struct bind_setup *setup);
