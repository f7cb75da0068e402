// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The daemon: one thread around epoll. The hooks enforce policies without it, and a restarted watch finds all of its
 * state in the kernel.
 */
#include "daemon/watch.h"
#include "base/error.h"
#include "daemon/apply.h"
#include "daemon/descriptor_limit.h"
#include "daemon/fences.h"
#include "daemon/notify.h"
#include "daemon/sources.h"
#include "report/events.h"
#include "report/output.h"

#include <cgfence/watch.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* A command changes a fence in several steps, so wait a moment before looking at it. */
#define SETTLE_NS (50 * 1000 * 1000ULL)

/* The most events to handle at once, so that a process that is refused in a loop cannot keep the daemon busy. */
#define EVENTS_MAX 256
#define FLOOD_PAUSE_NS (100 * 1000 * 1000ULL)

struct watch {
	struct cgfence_reconciler *reconciler;
	struct cgfence_events *kernel_events;
	struct cgfence_monitor *monitor;
	struct watch_fences fences;
	struct watch_events output;
	struct cgfence_event events[EVENTS_MAX];
	uint64_t interval_ns;
	int lock;
	struct watch_sources sources;
	struct watch_apply apply;
	uint64_t pass_ns; /* how long the last pass kept a processor busy */
	char last_error[sizeof(((struct cgfence_error *)NULL)->text)];
	bool stopping;
};

/* Reports an error that lasts only once. */
static void report_error(struct watch *watch, const char *text)
{
	if (strcmp(watch->last_error, text) == 0)
		return;
	snprintf(watch->last_error, sizeof(watch->last_error), "%s", text);
	if (*text)
		watch_events_error(&watch->output, text);
}

static void on_change(const char *path, bool fenced, void *context)
{
	if (path)
		watch_events_fence(context, fenced ? "fenced" : "unfenced", path);
}

/* The time of this process, without sleep of the host or time of other processes. */
static uint64_t processor_time_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000000ULL + (uint64_t)used.tv_nsec;
}

static void make_pass(struct watch *watch)
{
	struct cgfence_error error = { 0 };
	uint64_t begin_ns = processor_time_ns();
	size_t in_excess = 0;

	cgfence_fence_sweep();
	watch_apply_run(&watch->apply, &watch->output);
	if (watch_fences_update(&watch->fences, on_change, &watch->output, &error) ||
	    cgfence_reconciler_pass(watch->reconciler, 0, watch_events_violation, &watch->output,
				    &in_excess, &error))
		report_error(watch, error.text);
	else
		report_error(watch, "");
	watch->pass_ns = processor_time_ns() - begin_ns;
}

/* A pass that is due is not put off, since constant changes of fences could put it off for ever. */
static void settle_after(struct watch *watch, uint64_t ns)
{
	if (watch_sources_timer_is_set(&watch->sources, SOURCE_SETTLE))
		return;
	/* Under constant changes the passes take at most a fifth of a processor. */
	watch_sources_set_timer(&watch->sources, SOURCE_SETTLE,
				ns > 4 * watch->pass_ns ? ns : 4 * watch->pass_ns, 0);
}

static void on_interval(struct watch *watch)
{
	watch_sources_drain_timer(&watch->sources, SOURCE_INTERVAL);
	make_pass(watch);
}

static void on_settle(struct watch *watch)
{
	watch_sources_drain_timer(&watch->sources, SOURCE_SETTLE);
	watch_sources_wait_for(&watch->sources, SOURCE_EVENTS, EPOLLIN);
	make_pass(watch);
}

static void on_watchdog(struct watch *watch)
{
	watch_sources_drain_timer(&watch->sources, SOURCE_WATCHDOG);
}

static void on_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->sources.descriptors[SOURCE_SIGNALS], &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGHUP) {
		watch->stopping = true;
		return;
	}
	watch_apply_load(&watch->apply, &watch->output);
	make_pass(watch);
}

static const char *known_path(const struct watch *watch, uint64_t id)
{
	for (size_t i = 0; i < watch->fences.count; i++) {
		if (watch->fences.ids[i] == id)
			return watch->fences.paths[i];
	}
	return NULL;
}

static void handle_event(struct watch *watch, const struct cgfence_event *event)
{
	struct cgfence_error error = { 0 };

	/* Act on a listener before any output. */
	if (event->socket_cookie &&
	    cgfence_reconciler_handle(watch->reconciler, event, watch_events_violation,
				      &watch->output, &error))
		report_error(watch, error.text);
	/*
	 * This event comes before the socket listens (inet_csk_listen_start, net/ipv4/inet_connection_sock.c), and
	 * other holders of the socket are not known, so a pass follows.
	 */
	if (event->made_outside)
		settle_after(watch, SETTLE_NS);
	/* The event may arrive before the event of its new fence. */
	if (!known_path(watch, event->cgroup_id) &&
	    watch_fences_update(&watch->fences, on_change, &watch->output, &error))
		report_error(watch, error.text);
	watch_events_denial(&watch->output, known_path(watch, event->cgroup_id), &event->record);
}

static void on_events(struct watch *watch)
{
	struct cgfence_error error = { 0 };
	size_t count = 0;

	if (cgfence_events_read(watch->kernel_events, watch->events, EVENTS_MAX, &count, &error))
		report_error(watch, error.text);
	for (size_t i = 0; i < count; i++)
		handle_event(watch, &watch->events[i]);
	if (count == EVENTS_MAX) {
		watch_sources_wait_for(&watch->sources, SOURCE_EVENTS, 0);
		settle_after(watch, FLOOD_PAUSE_NS);
	}
}

static void on_monitor(struct watch *watch)
{
	if (cgfence_monitor_read(watch->monitor))
		settle_after(watch, SETTLE_NS);
}

static void on_apply(struct watch *watch)
{
	watch_apply_changed(&watch->apply, &watch->output);
}

static void on_output(struct watch *watch)
{
	stream_flush(watch->output.stream);
}

static void (*const handlers[SOURCE_COUNT])(struct watch *) = {
	[SOURCE_INTERVAL] = on_interval, [SOURCE_SETTLE] = on_settle,
	[SOURCE_WATCHDOG] = on_watchdog, [SOURCE_SIGNALS] = on_signal,
	[SOURCE_EVENTS] = on_events,	 [SOURCE_MONITOR] = on_monitor,
	[SOURCE_APPLY] = on_apply,	 [SOURCE_OUTPUT] = on_output,
};

static int open_sources(struct watch *watch, struct cgfence_error *error)
{
	struct watch_sources *sources = &watch->sources;

	if (watch_sources_open(sources)) {
		snprintf(error->text, sizeof(error->text),
			 "out of file descriptors; raise the limit (ulimit -n)");
		return -EMFILE;
	}
	watch_sources_add(sources, SOURCE_EVENTS, cgfence_events_fd(watch->kernel_events));
	watch_sources_add(sources, SOURCE_MONITOR, cgfence_monitor_fd(watch->monitor));
	watch_sources_add(sources, SOURCE_APPLY, watch_apply_fd(&watch->apply));
	/* Wait for it only while there is something to write. */
	sources->descriptors[SOURCE_OUTPUT] = stream_fd(watch->output.stream);
	return 0;
}

static int open_watch(struct watch *watch, const char *apply, struct cgfence_error *error)
{
	pid_t first;
	int code = cgfence_watch_lock(&watch->lock, &first, error);

	if (code == 0)
		code = cgfence_reconciler_new(&watch->reconciler, error);
	if (code == 0)
		code = cgfence_events_open(&watch->kernel_events, error);
	if (code == 0)
		code = cgfence_monitor_open(&watch->monitor, error);
	if (code == 0)
		code = watch_apply_open(&watch->apply, apply, error);
	if (code)
		return code;
	watch->output.stream = stream_open(STDOUT_FILENO);
	if (!watch->output.stream)
		return error_out_of_memory(error);
	return open_sources(watch, error);
}

static void close_watch(struct watch *watch)
{
	watch_sources_close(&watch->sources);
	stream_close(watch->output.stream);
	watch_fences_free(&watch->fences);
	watch_apply_close(&watch->apply);
	cgfence_monitor_close(watch->monitor);
	cgfence_events_close(watch->kernel_events);
	cgfence_reconciler_free(watch->reconciler);
	if (watch->lock >= 0)
		cgfence_watch_unlock(watch->lock);
}

static void start_timers(const struct watch *watch)
{
	uint64_t watchdog_ns = notify_watchdog_ns();

	watch_sources_set_timer(&watch->sources, SOURCE_INTERVAL, watch->interval_ns,
				watch->interval_ns);
	/* If passes are frequent enough, they serve as the sign of life. */
	if (watchdog_ns && watchdog_ns < watch->interval_ns)
		watch_sources_set_timer(&watch->sources, SOURCE_WATCHDOG, watchdog_ns, watchdog_ns);
}

static void loop(struct watch *watch)
{
	while (!watch->stopping) {
		enum watch_source source;

		watch_events_dropped(&watch->output);
		watch_sources_wait_for(&watch->sources, SOURCE_OUTPUT,
				       stream_is_waiting(watch->output.stream) ? EPOLLOUT : 0);
		source = watch_sources_next(&watch->sources);
		if (source == SOURCE_COUNT)
			continue;
		output_time_refresh();
		handlers[source](watch);
		notify_send("WATCHDOG=1");
	}
}

int watch_run(const struct watch_options *options, struct cgfence_error *error)
{
	struct watch watch = {
		.lock = -1,
		.output.json = options->json,
		.interval_ns = options->interval_ns,
	};
	int code;

	watch_sources_init(&watch.sources);
	descriptor_limit_raise();
	code = open_watch(&watch, options->apply, error);
	if (code == 0) {
		watch_events_started(&watch.output, watch.interval_ns,
				     cgfence_reconciler_uses_iterator(watch.reconciler));
		watch_fences_update(&watch.fences, NULL, NULL, NULL);
		watch_apply_load(&watch.apply, &watch.output);
		make_pass(&watch);
		start_timers(&watch);
		notify_send("READY=1");
		loop(&watch);
		notify_send("STOPPING=1");
	}
	close_watch(&watch);
	return code;
}
