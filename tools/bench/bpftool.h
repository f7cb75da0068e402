/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The packaged bpftool, given the objects of cgfence. */
#pragma once

#include "bench.h"

#include <cgfence/cgfence.h>

enum bpftool_set {
	BPFTOOL_DEVICES,
	BPFTOOL_TCP, /* and the port programs */
	BPFTOOL_ALL, /* the same: bpftool always loads all that is in an object */
};

struct bpftool_times {
	double batch_ms; /* load, pin and attach all, by one command */
	double batch_processor_ms;
	double each_ms;	  /* by a command for each object and each hook */
	double detach_ms; /* by one command, and all pins removed */
};

/**
 * bpftool_measure() - attach to a cgroup and detach, twice.
 * @policy_map: id of a map with a compiled policy, which no tool but cgfence can make
 *
 * Return: 0, or -1 if it failed.
 */
int bpftool_measure(struct bench *bench, const struct cgfence_cgroup *cgroup, enum bpftool_set set,
		    uint32_t policy_map, struct bpftool_times *times);
