/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes in a fence that open devices and bind ports as fast as they can. */
#pragma once

#include "support/sockets.h"

#include <stdbool.h>

#define HAMMER_WORKERS 2 /* one a core */
#define HAMMER_WAYS 5	 /* to be refused: a device, and a port by protocol and family */

/* The observations of a worker, in shared memory. */
struct hammer_worker {
	unsigned long allowed;
	unsigned long refused[HAMMER_WAYS];
	unsigned long wrongly_refused;
	unsigned long wrongly_allowed;
	char first_wrong[96];
};

struct hammer {
	volatile bool stop;
	bool refuses_always;	   /* no policy leaves devices or ports unfenced */
	unsigned int attached_max; /* programs of one type on the cgroup at once */
	unsigned long samples;
	struct hammer_worker workers[HAMMER_WORKERS];
	struct hammer_worker sum;
	unsigned int rounds;
	unsigned int replaced;
	double seconds;
};

/* The name of each, for messages. */
extern const char *const hammer_ways[HAMMER_WAYS];

/**
 * hammer_start() - start the workers in the fence of the test, and a process that looks at its hooks all the time.
 * @children: receives their pids
 */
void hammer_start(struct hammer *hammer, pid_t children[HAMMER_WORKERS + 1]);

/** hammer_stop() - end them, and add up their observations. Return: 0, or the wait status of one that failed. */
int hammer_stop(struct hammer *hammer, const pid_t children[HAMMER_WORKERS + 1]);
