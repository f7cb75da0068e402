/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The processes of the soak: they open and close listeners in a fence at random, and judge the result for each. */
#pragma once

#include "soak_shared.h"
#include "support/sockets.h"

/* Ports of each worker: assigned always, and assigned by one of the two policies of its fence. */
#define SOAK_PORTS 10
#define SOAK_ALWAYS 2000
#define SOAK_SOMETIMES 4000

struct soak_worker {
	const struct cgfence_cgroup *cgroup;
	unsigned int fence; /* index of its fence */
	unsigned int index; /* of the worker, which its ports follow from */
	bool moves; /* now and then it leaves its fence for a moment, and comes back with a listener */
	uint64_t *
		excess_since; /* shared: since when it holds an excess listener, 0 if it holds none */
};

/**
 * soak_work() - in a process outside of all fences: start a supplier that stays outside, enter the cgroup, and work
 * until it is told to stop.
 *
 * Return: exit status, 0 or the line of the failure.
 */
int soak_work(struct soak *soak, const struct soak_worker *worker);
