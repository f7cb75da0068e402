/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the watch waits for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

enum watch_source {
	/* Timers, and signals: opened here. */
	SOURCE_INTERVAL,
	SOURCE_SETTLE,
	SOURCE_WATCHDOG,
	SOURCE_SIGNALS,
	/* Of others. */
	SOURCE_EVENTS,
	SOURCE_MONITOR,
	SOURCE_APPLY,
	SOURCE_OUTPUT,
	SOURCE_COUNT,
};

struct watch_sources {
	int epoll;
	int descriptors[SOURCE_COUNT]; /* -1 where there is none */
	uint32_t waiting_for[SOURCE_COUNT];
};

/** watch_sources_init() - nothing is open. */
void watch_sources_init(struct watch_sources *sources);

/**
 * watch_sources_open() - open the timers and the signals SIGTERM, SIGINT and SIGHUP, and wait for them.
 *
 * Return: 0, -1 if there are no descriptors left.
 */
int watch_sources_open(struct watch_sources *sources);

/** watch_sources_close() - close what was opened here. */
void watch_sources_close(struct watch_sources *sources);

/** watch_sources_add() - wait for a descriptor, which stays the caller's, to be readable; -1 is none. */
void watch_sources_add(struct watch_sources *sources, enum watch_source source, int fd);

/** watch_sources_wait_for() - change what is waited for: EPOLLIN, EPOLLOUT, or 0 for nothing now. */
void watch_sources_wait_for(struct watch_sources *sources, enum watch_source source, uint32_t what);

/** watch_sources_next() - wait. Return: what has come, SOURCE_COUNT if it was nothing. */
enum watch_source watch_sources_next(struct watch_sources *sources);

/** watch_sources_set_timer() - ring after @first_ns, and every @interval_ns unless that is 0. */
void watch_sources_set_timer(const struct watch_sources *sources, enum watch_source timer,
			     uint64_t first_ns, uint64_t interval_ns);

/** watch_sources_timer_is_set() - will it ring? */
bool watch_sources_timer_is_set(const struct watch_sources *sources, enum watch_source timer);

/** watch_sources_drain_timer() - take note that it rang. */
void watch_sources_drain_timer(const struct watch_sources *sources, enum watch_source timer);
