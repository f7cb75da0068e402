/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the processes of the soak share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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
	uint64_t taken_away; /* since when the ports that are sometimes assigned are not */
};

#define SOAK_FENCES 4

/* In memory that all share. Its clock counts the passes that the daemon makes, or nanoseconds. */
struct soak {
	bool stop;
	bool timed;	/* the clock counts nanoseconds */
	uint64_t now;	/* the clock */
	uint64_t limit; /* how long an excess listener may live */
	struct soak_fence fences[SOAK_FENCES];
	/* Results. */
	uint64_t longest;     /* that an excess listener lived */
	uint64_t late;	      /* excess listeners that lived longer than the limit */
	uint64_t harmed;      /* allowed listeners, or logged ones, that were closed */
	uint64_t let_through; /* binds that were to be refused */
	uint64_t refused;     /* binds that were to be allowed */
	uint64_t taken;	      /* excess listeners that were closed */
	uint64_t allowed[SOAK_WAYS];
	uint64_t excess[SOAK_WAYS];
};
