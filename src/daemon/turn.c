// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/turn.h"
#include "base/boot_time.h"
#include "daemon/notify.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* What changed a fence just now may not be done with it. */
#define SETTLE_NS (50 * 1000 * 1000ULL)

/* A pass finds the listeners whose events were lost. */
#define LOST_NS (100 * 1000 * 1000ULL)

/* How often it says in the midst of a long call that it lives. */
#define ALIVE_NS (500 * 1000 * 1000ULL)

/* How often it tells of how many refusals it left out. */
#define OMITTED_NS (1000 * 1000 * 1000ULL)

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

static void report_problem(struct watch *watch)
{
	const char *problem = cgfence_monitor_problem(watch->monitor);
	struct cgfence_error text;

	if (*problem) {
		snprintf(text.text, sizeof(text.text),
			 "%s; until then, some changes of fences are seen only at the interval",
			 problem);
		watch_errors_add(&watch->problems, text.text, &watch->output);
	}
	watch_errors_turn(&watch->problems);
}

void watch_pass(struct watch *watch)
{
	struct cgfence_error error = { 0 };
	uint64_t begin_ns = processor_time_ns();
	size_t in_excess = 0;

	cgfence_fence_sweep();
	report_problem(watch);
	if (watch_fences_update(&watch->fences, on_change, &watch->output, &error) ||
	    cgfence_reconciler_pass(watch->reconciler, 0, watch_events_violation, &watch->output,
				    &in_excess, &error))
		report_error(watch, error.text);
	else
		report_error(watch, "");
	watch->pass_ns = processor_time_ns() - begin_ns;
}

/* A pass that is due is not put off, since constant changes of fences could put it off for ever. */
void watch_settle(struct watch *watch, uint64_t ns)
{
	if (watch_sources_timer_is_set(&watch->sources, SOURCE_SETTLE))
		return;
	/* Under constant changes the passes take at most a fifth of a processor. */
	watch_sources_set_timer(&watch->sources, SOURCE_SETTLE,
				ns > 4 * watch->pass_ns ? ns : 4 * watch->pass_ns, 0);
}

void watch_say_alive(struct watch *watch)
{
	notify_send("WATCHDOG=1");
	watch->alive_ns = boot_time_ns();
}

void watch_read_signals(struct watch *watch)
{
	struct signalfd_siginfo info;

	while (read(watch->sources.descriptors[SOURCE_SIGNALS], &info, sizeof(info)) ==
	       sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			watch->hangup = true;
		else
			watch->stopping = true;
	}
}

static void handle_listener(struct watch *watch, const struct cgfence_event *event)
{
	struct cgfence_error error = { 0 };

	if (event->socket_cookie &&
	    cgfence_reconciler_handle(watch->reconciler, event, watch_events_violation,
				      &watch->output, &error))
		report_error(watch, error.text);
	/*
	 * This event comes before the socket listens (inet_csk_listen_start, net/ipv4/inet_connection_sock.c), and
	 * other holders of the socket are not known, so a pass follows.
	 */
	if (event->made_outside)
		watch_settle(watch, SETTLE_NS);
}

void watch_take_events(struct watch *watch)
{
	struct cgfence_error error = { 0 };
	struct cgfence_event event;

	if (intake_read(&watch->intake, &error))
		report_error(watch, error.text);
	while (intake_next_listener(&watch->intake, &event))
		handle_listener(watch, &event);
	if (intake_take_lost(&watch->intake))
		watch_settle(watch, LOST_NS);
}

void watch_on_yield(void *context)
{
	struct watch *watch = context;

	watch_take_events(watch);
	watch_read_signals(watch);
	/* Before it is ready, nobody asks. */
	if (watch->alive_ns && boot_time_ns() - watch->alive_ns >= ALIVE_NS)
		watch_say_alive(watch);
}

void watch_tell(struct watch *watch)
{
	struct cgfence_error error = { 0 };

	/* The event may arrive before the event of its new fence. */
	if (words_has_unknown(&watch->intake, &watch->fences) &&
	    watch_fences_update(&watch->fences, on_change, &watch->output, &error))
		report_error(watch, error.text);
	words_tell(&watch->words, &watch->intake, &watch->fences, &watch->output);
	if (watch->words.any_omitted && !watch_sources_timer_is_set(&watch->sources, SOURCE_WORDS))
		watch_sources_set_timer(&watch->sources, SOURCE_WORDS, OMITTED_NS, 0);
}

void watch_look_and_pass(struct watch *watch)
{
	watch_apply_look(&watch->apply, &watch->output);
	watch_resolve_want(&watch->resolve);
	watch_pass(watch);
}

/* Lets it wake when there is something to do. */
static void set_round(struct watch *watch, uint64_t wait_ns)
{
	if (wait_ns && wait_ns != UINT64_MAX &&
	    !watch_sources_timer_is_set(&watch->sources, SOURCE_ROUND))
		watch_sources_set_timer(&watch->sources, SOURCE_ROUND, wait_ns, 0);
}

bool watch_work(struct watch *watch)
{
	uint64_t apply_ns;
	uint64_t resolve_ns;
	size_t changed;

	if (watch->hangup) {
		watch->hangup = false;
		watch_apply_load(&watch->apply, &watch->output);
		watch_resolve_want(&watch->resolve);
		watch_pass(watch);
	}
	if (watch_resolve_take_told(&watch->resolve))
		watch_apply_devices(&watch->apply);
	changed = watch_apply_work(&watch->apply, &watch->output);
	apply_ns = watch_apply_wait_ns(&watch->apply);
	/* A policy that changes in its file comes first. */
	if (apply_ns)
		changed += watch_resolve_work(&watch->resolve);
	/* Their listeners are of no event, if there are any. */
	if (changed)
		watch_settle(watch, SETTLE_NS);
	resolve_ns = watch_resolve_wait_ns(&watch->resolve);
	set_round(watch, apply_ns < resolve_ns ? apply_ns : resolve_ns);
	return apply_ns == 0 || resolve_ns == 0;
}
