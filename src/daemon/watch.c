// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The daemon: one thread around epoll. The hooks enforce policies without it, and a restarted watch finds all of its
 * state in the kernel.
 */
#include "daemon/watch.h"
#include "base/boot_time.h"
#include "base/error.h"
#include "base/yield.h"
#include "daemon/descriptor_limit.h"
#include "daemon/notify.h"
#include "daemon/turn.h"
#include "report/output.h"

#include <cgfence/yield.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In so long a time changes of cgroups gather, since anybody to whom a cgroup is delegated can make many. */
#define GATHER_NS (20 * 1000 * 1000ULL)

/* How often a long call of the library is interrupted. */
#define YIELD_NS (10 * 1000 * 1000ULL)

/* It is ready after so long at the latest. */
#define BEGIN_NS (2 * 1000 * 1000 * 1000ULL)

/* A command changes a fence in several steps, so wait a moment before looking at it. */
#define SETTLE_NS (50 * 1000 * 1000ULL)

/* Waits for this source again only after a moment. */
static void pause_source(struct watch *watch, enum watch_source source)
{
	watch_sources_wait_for(&watch->sources, source, 0);
	if (!watch_sources_timer_is_set(&watch->sources, SOURCE_RESUME))
		watch_sources_set_timer(&watch->sources, SOURCE_RESUME, GATHER_NS, 0);
}

static void on_resume(struct watch *watch)
{
	watch_sources_drain_timer(&watch->sources, SOURCE_RESUME);
	watch_sources_wait_for(&watch->sources, SOURCE_EVENTS, EPOLLIN);
	watch_sources_wait_for(&watch->sources, SOURCE_APPLY, EPOLLIN);
	watch_sources_wait_for(&watch->sources, SOURCE_DEVICES, EPOLLIN);
}

static void on_interval(struct watch *watch)
{
	watch_sources_drain_timer(&watch->sources, SOURCE_INTERVAL);
	watch_look_and_pass(watch);
}

static void on_settle(struct watch *watch)
{
	watch_sources_drain_timer(&watch->sources, SOURCE_SETTLE);
	watch_look_and_pass(watch);
}

static void on_words(struct watch *watch)
{
	watch_sources_drain_timer(&watch->sources, SOURCE_WORDS);
	words_tell_omitted(&watch->words, &watch->fences, &watch->output);
}

static void on_round(struct watch *watch)
{
	watch_sources_drain_timer(&watch->sources, SOURCE_ROUND);
}

static void on_adopt(struct watch *watch)
{
	watch_sources_drain_timer(&watch->sources, SOURCE_ADOPT);
}

static void on_programs(struct watch *watch)
{
	cgfence_adopter_read(watch->adopter);
}

static void on_watchdog(struct watch *watch)
{
	watch_sources_drain_timer(&watch->sources, SOURCE_WATCHDOG);
}

static void on_events(struct watch *watch)
{
	watch_take_events(watch);
	if (intake_is_paused(&watch->intake))
		pause_source(watch, SOURCE_EVENTS);
}

static void on_monitor(struct watch *watch)
{
	if (cgfence_monitor_read(watch->monitor))
		watch_settle(watch, SETTLE_NS);
}

static void on_apply(struct watch *watch)
{
	watch_apply_changed(&watch->apply, &watch->output);
	pause_source(watch, SOURCE_APPLY);
}

static void on_devices(struct watch *watch)
{
	watch_resolve_changed(&watch->resolve);
	pause_source(watch, SOURCE_DEVICES);
}

static void on_output(struct watch *watch)
{
	stream_flush(watch->output.stream);
}

static void (*const handlers[SOURCE_COUNT])(struct watch *) = {
	[SOURCE_INTERVAL] = on_interval, [SOURCE_SETTLE] = on_settle,
	[SOURCE_RESUME] = on_resume,	 [SOURCE_WORDS] = on_words,
	[SOURCE_ROUND] = on_round,	 [SOURCE_ADOPT] = on_adopt,
	[SOURCE_WATCHDOG] = on_watchdog, [SOURCE_SIGNALS] = watch_read_signals,
	[SOURCE_EVENTS] = on_events,	 [SOURCE_MONITOR] = on_monitor,
	[SOURCE_APPLY] = on_apply,	 [SOURCE_PROGRAMS] = on_programs,
	[SOURCE_DEVICES] = on_devices,	 [SOURCE_OUTPUT] = on_output,
};

static int open_sources(struct watch *watch, struct cgfence_error *error)
{
	struct watch_sources *sources = &watch->sources;

	if (watch_sources_open(sources)) {
		snprintf(error->text, sizeof(error->text),
			 "out of file descriptors; raise the limit (ulimit -n)");
		return -EMFILE;
	}
	watch_sources_add(sources, SOURCE_EVENTS, intake_fd(&watch->intake));
	watch_sources_add(sources, SOURCE_MONITOR, cgfence_monitor_fd(watch->monitor));
	watch_sources_add(sources, SOURCE_APPLY, watch_apply_fd(&watch->apply));
	watch_sources_add(sources, SOURCE_PROGRAMS, cgfence_adopter_fd(watch->adopter));
	watch_sources_add(sources, SOURCE_DEVICES, watch_resolve_fd(&watch->resolve));
	/* Wait for it only while there is something to write. */
	sources->descriptors[SOURCE_OUTPUT] = stream_fd(watch->output.stream);
	return 0;
}

static int open_watch(struct watch *watch, const char *apply, struct cgfence_error *error)
{
	pid_t first;
	int code = cgfence_watch_lock(&watch->lock, &first, error);

	if (code == 0)
		code = cgfence_census_new(&watch->census, error);
	if (code == 0)
		code = cgfence_reconciler_new(&watch->reconciler, error);
	if (code == 0)
		code = intake_open(&watch->intake, error);
	if (code == 0)
		code = cgfence_monitor_open(&watch->monitor, error);
	if (code == 0)
		code = cgfence_adopter_open(&watch->adopter, error);
	if (code == 0)
		code = watch_apply_open(&watch->apply, apply, error);
	if (code == 0)
		code = watch_resolve_open(&watch->resolve, &watch->output, error);
	if (code)
		return code;
	cgfence_reconciler_use_census(watch->reconciler, watch->census);
	cgfence_adopter_use_census(watch->adopter, watch->census);
	cgfence_resolver_use_census(watch->resolve.resolver, watch->census);
	watch->output.stream = stream_open(STDOUT_FILENO);
	if (!watch->output.stream)
		return error_out_of_memory(error);
	watch->output.journal = journal_open();
	return open_sources(watch, error);
}

static void close_watch(struct watch *watch)
{
	watch_sources_close(&watch->sources);
	stream_close(watch->output.stream);
	journal_close(watch->output.journal);
	watch_fences_free(&watch->fences);
	watch_apply_close(&watch->apply);
	cgfence_adopter_close(watch->adopter);
	watch_resolve_close(&watch->resolve);
	cgfence_monitor_close(watch->monitor);
	intake_close(&watch->intake);
	watch_errors_free(&watch->problems);
	watch_errors_free(&watch->metrics_errors);
	cgfence_reconciler_free(watch->reconciler);
	cgfence_census_free(watch->census);
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

/* Between units of its work it reads signals and events (watch_on_yield()), which then do not wake it any more. */
static bool has_news(const struct watch *watch)
{
	return watch->hangup || watch->stopping || watch->intake.listener_count ||
	       watch->intake.word_count;
}

/* Nobody but the reader of standard error would know. */
static void complain_of_output(struct watch *watch)
{
	int error = stream_take_error(watch->output.stream);

	if (error)
		output_complain(
			"cannot write to standard output: %s; watch goes on without, and its fences hold",
			strerror(error));
}

static void loop(struct watch *watch)
{
	while (!watch->stopping) {
		bool has_work;
		enum watch_source source;

		watch_tell(watch);
		has_work = watch_work(watch);
		watch_events_dropped(&watch->output);
		complain_of_output(watch);
		watch_sources_wait_for(&watch->sources, SOURCE_OUTPUT,
				       stream_is_waiting(watch->output.stream) ? EPOLLOUT : 0);
		source = watch_sources_next(&watch->sources, has_work || has_news(watch));
		output_time_refresh();
		/* Whatever it was, listeners come first. */
		watch_take_events(watch);
		if (source != SOURCE_COUNT) {
			handlers[source](watch);
			watch_say_alive(watch);
		}
	}
}

/* So that whoever waits for its start finds all fences in place, unless there are very many. */
static void begin(struct watch *watch)
{
	uint64_t begin_ns = boot_time_ns();

	watch_events_started(&watch->output, watch->interval_ns,
			     cgfence_reconciler_uses_iterator(watch->reconciler));
	watch_look(watch, NULL, NULL);
	watch_apply_load(&watch->apply, &watch->output);
	while (watch_apply_wait_ns(&watch->apply) == 0 && !watch->stopping &&
	       boot_time_ns() - begin_ns < BEGIN_NS)
		watch_apply_work(&watch->apply, &watch->output);
	watch_resolve_want(&watch->resolve);
	watch_resolve_now(watch);
	watch_pass(watch);
	start_timers(watch);
	notify_send("READY=1");
	watch->alive_ns = boot_time_ns();
}

int watch_run(const struct watch_options *options, struct cgfence_error *error)
{
	struct watch watch = {
		.lock = -1,
		.output.json = options->json,
		.interval_ns = options->interval_ns,
		.metrics = options->metrics,
	};
	int code;

	watch_sources_init(&watch.sources);
	descriptor_limit_raise();
	code = open_watch(&watch, options->apply, error);
	if (code == 0) {
		cgfence_yield_set(watch_on_yield, YIELD_NS, &watch);
		/* The program may have a copy of its own of what it shares with the library. */
		yield_set(watch_on_yield, YIELD_NS, &watch);
		begin(&watch);
		loop(&watch);
		notify_send("STOPPING=1");
		yield_set(NULL, 0, NULL);
		cgfence_yield_set(NULL, 0, NULL);
	}
	close_watch(&watch);
	return code;
}
