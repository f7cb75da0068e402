// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/sources.h"
#include "base/cleanup.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

#define NS_PER_S 1000000000ULL

void watch_sources_init(struct watch_sources *sources)
{
	*sources = (struct watch_sources){ .epoll = -1 };
	for (int i = 0; i < SOURCE_COUNT; i++)
		sources->descriptors[i] = -1;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* A reader that ends must not end the watch. */
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int watch_sources_open(struct watch_sources *sources)
{
	sources->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int i = SOURCE_INTERVAL; i <= SOURCE_SIGNALS; i++) {
		int fd = i == SOURCE_SIGNALS
				 ? open_signals()
				 : timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);

		if (sources->epoll < 0 || fd < 0) {
			cleanup_close_descriptor(&fd);
			return -1;
		}
		watch_sources_add(sources, (enum watch_source)i, fd);
	}
	return 0;
}

void watch_sources_close(struct watch_sources *sources)
{
	for (int i = SOURCE_INTERVAL; i <= SOURCE_SIGNALS; i++)
		cleanup_close_descriptor(&sources->descriptors[i]);
	cleanup_close_descriptor(&sources->epoll);
	watch_sources_init(sources);
}

void watch_sources_add(struct watch_sources *sources, enum watch_source source, int fd)
{
	sources->descriptors[source] = fd;
	watch_sources_wait_for(sources, source, EPOLLIN);
}

void watch_sources_wait_for(struct watch_sources *sources, enum watch_source source, uint32_t what)
{
	struct epoll_event event = { .events = what, .data.u32 = source };
	int operation = !what			       ? EPOLL_CTL_DEL
			: sources->waiting_for[source] ? EPOLL_CTL_MOD
						       : EPOLL_CTL_ADD;

	if (sources->descriptors[source] < 0 || sources->waiting_for[source] == what)
		return;
	epoll_ctl(sources->epoll, operation, sources->descriptors[source], &event);
	sources->waiting_for[source] = what;
}

enum watch_source watch_sources_next(struct watch_sources *sources, bool has_work)
{
	struct epoll_event event;

	return epoll_wait(sources->epoll, &event, 1, has_work ? 0 : -1) == 1 ? event.data.u32
									     : SOURCE_COUNT;
}

void watch_sources_set_timer(const struct watch_sources *sources, enum watch_source timer,
			     uint64_t first_ns, uint64_t interval_ns)
{
	const struct itimerspec when = {
		.it_value = { (time_t)(first_ns / NS_PER_S), (long)(first_ns % NS_PER_S) },
		.it_interval = { (time_t)(interval_ns / NS_PER_S), (long)(interval_ns % NS_PER_S) },
	};

	timerfd_settime(sources->descriptors[timer], 0, &when, NULL);
}

bool watch_sources_timer_is_set(const struct watch_sources *sources, enum watch_source timer)
{
	struct itimerspec when = { 0 };

	timerfd_gettime(sources->descriptors[timer], &when);
	return when.it_value.tv_sec || when.it_value.tv_nsec;
}

void watch_sources_drain_timer(const struct watch_sources *sources, enum watch_source timer)
{
	uint64_t expirations;

	if (read(sources->descriptors[timer], &expirations, sizeof(expirations)) < 0)
		return; /* the timer was set again meanwhile */
}
