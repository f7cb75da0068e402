/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The processes of the soak: they open and close listeners in a fence at random, and judge what becomes of each. */
#pragma once

#include "support/sockets.h"

/* Ports of each worker: assigned always, and assigned by one of the two policies of its fence. */
#define SOAK_PORTS 10
#define SOAK_ALWAYS 2000
#define SOAK_SOMETIMES 4000

/* What its fence does about excess. */
enum soak_response {
	SOAK_CLOSES,
	SOAK_KILLS,
	SOAK_LOGS,
};

/* The ways by which a listener comes into a fence. */
enum soak_way {
	SOAK_BOUND_INSIDE,   /* through all hooks */
	SOAK_LISTEN_INSIDE,  /* on a port that the kernel chose, past the bind hooks */
	SOAK_PASSED,	     /* over a unix socket, ready made */
	SOAK_PASSED_UNBOUND, /* likewise, and bound inside */
	SOAK_MOVED,	     /* with its process, which was outside for a moment */
	SOAK_WAYS,
};

/* The policies of a fence in turn. Odd while one replaces the other, then 0 or 2 modulo 4 says which it is. */
struct soak_fence {
	enum soak_response response;
	bool audits; /* and so refuses no bind */
	uint32_t generation;
	uint64_t taken_away_ns; /* since when the ports that are sometimes assigned are not */
};

#define SOAK_FENCES 4

/* In memory that all share. Times are of its own clock. */
struct soak {
	bool stop;
	uint64_t now_ns;   /* the clock */
	uint64_t limit_ns; /* how long an excess listener may live */
	struct soak_fence fences[SOAK_FENCES];
	/* Results. */
	uint64_t longest_ns;  /* that an excess listener lived */
	uint64_t late;	      /* excess listeners that lived longer than the limit */
	uint64_t harmed;      /* allowed listeners, or logged ones, that were closed */
	uint64_t let_through; /* binds that were to be refused */
	uint64_t refused;     /* binds that were to be allowed */
	uint64_t taken;	      /* excess listeners that were closed */
	uint64_t allowed[SOAK_WAYS];
	uint64_t excess[SOAK_WAYS];
};

struct soak_worker {
	const struct cgfence_cgroup *cgroup;
	unsigned int fence; /* index of its fence */
	unsigned int index; /* of the worker, which its ports follow from */
	bool moves; /* now and then it leaves its fence for a moment, and comes back with a listener */
	uint64_t *
		excess_since_ns; /* shared: since when it holds what it should not, 0 if it does not */
};

/**
 * soak_keep_time() - in a process of its own: advance the clock until it is told to stop.
 *
 * The clock is late by what the machine stood still, all of it or one of its processors, as virtual machines do: a daemon
 * that did not run then is not to blame.
 */
void soak_keep_time(struct soak *soak);

/** soak_now_ns() - the clock of the soak. */
uint64_t soak_now_ns(const struct soak *soak);

/** soak_note_life() - an excess listener was there for so long at least. */
void soak_note_life(struct soak *soak, uint64_t life_ns);

/**
 * soak_work() - in a process outside of all fences: start a supplier that stays outside, enter the cgroup, and work
 * until it is told to stop.
 *
 * Return: exit status, 0 or the line of what went wrong.
 */
int soak_work(struct soak *soak, const struct soak_worker *worker);
