/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The event sources of the watch. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

enum watch_source {
	/* Timers and signals, opened here. */
	SOURCE_INTERVAL,
	SOURCE_SETTLE,
	SOURCE_RESUME,
	SOURCE_WORDS,
	SOURCE_ROUND,
	SOURCE_ADOPT,
	SOURCE_WATCHDOG,
	SOURCE_SIGNALS,
	/* Descriptors of other modules. */
	SOURCE_EVENTS,
	SOURCE_MONITOR,
	SOURCE_APPLY,
	SOURCE_PROGRAMS,
	SOURCE_DEVICES,
	SOURCE_OUTPUT,
	SOURCE_COUNT,
};

struct watch_sources {
	int epoll;
	int descriptors[SOURCE_COUNT]; /* -1 where there is none */
	uint32_t waiting_for[SOURCE_COUNT];
};

/** watch_sources_init() - begin without open descriptors. */
void watch_sources_init(struct watch_sources *sources);

/**
 * watch_sources_open() - open the timers and the signals SIGTERM, SIGINT and SIGHUP, and wait for them.
 *
 * Return: 0, -1 if there are no descriptors left.
 */
int watch_sources_open(struct watch_sources *sources);

/** watch_sources_close() - close what was opened here. */
void watch_sources_close(struct watch_sources *sources);

/** watch_sources_add() - wait until a descriptor, which stays the caller's, is readable; -1 for none. */
void watch_sources_add(struct watch_sources *sources, enum watch_source source, int fd);

/** watch_sources_wait_for() - set the events to wait for: EPOLLIN, EPOLLOUT, or 0 for none. */
void watch_sources_wait_for(struct watch_sources *sources, enum watch_source source, uint32_t what);

/** watch_sources_next() - wait, unless there is work. Return: the source that is ready, SOURCE_COUNT if none is. */
enum watch_source watch_sources_next(struct watch_sources *sources, bool has_work);

/** watch_sources_set_timer() - let a timer expire after @first_ns, then every @interval_ns unless that is 0. */
void watch_sources_set_timer(const struct watch_sources *sources, enum watch_source timer,
			     uint64_t first_ns, uint64_t interval_ns);

/** watch_sources_timer_is_set() - is the timer going to expire? */
bool watch_sources_timer_is_set(const struct watch_sources *sources, enum watch_source timer);

/** watch_sources_drain_timer() - consume an expiry, so that the timer is no longer ready. */
void watch_sources_drain_timer(const struct watch_sources *sources, enum watch_source timer);
