/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program that the soak watches with: what it says, how many passes it has made, and how large it is. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct soak_daemon {
	pid_t pid;
	char log[256];
	long seen; /* so much of the log was looked through for signs of passes */
	unsigned int signs;
	struct cgfence_cgroup *sign; /* NULL if the next is still to be made */
};

/* What must not grow: the least of all that was seen, since a pass has more of both. */
struct soak_footprint {
	unsigned int samples;
	unsigned long rss_kb;
	unsigned int descriptors;
};

/** soak_daemon_start() - start CGFENCE_SOAK_PROGRAM with `watch --interval @interval`, and wait for its first pass. */
void soak_daemon_start(struct soak_daemon *daemon, const char *interval);

/**
 * soak_daemon_passed() - has it made another pass?
 *
 * The sign is a fence that is made for it, without processes: only a pass sees it, and says so as it begins. The next is
 * made after that. So if this returned true for the N-th time before a moment, and has for the N+4th time since, at least
 * two passes began after that moment and are over:
 *
 *	N		the sign N+1 may have been made before the moment
 *	N+2		this pass began after sign N+1 was seen, and so after the moment
 *	N+3, N+4	these passes began after the one before was over
 */
bool soak_daemon_passed(struct soak_daemon *daemon);

/** soak_daemon_count() - how often @part is in what it has said so far. */
unsigned int soak_daemon_count(const struct soak_daemon *daemon, const char *part);

/** soak_daemon_measure() - look how large it is now; the test fails if it has ended. */
void soak_daemon_measure(const struct soak_daemon *daemon, struct soak_footprint *least);

/** soak_daemon_stop() - send SIGTERM, and see that it ends in good order. */
void soak_daemon_stop(struct soak_daemon *daemon);
