// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/turn.h"
#include "base/boot_time.h"
#include "daemon/notify.h"
#include "daemon/state.h"

#include <errno.h>
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

/* One listener may take that long, or longer: its processes may not die, or its socket be one of very many. */
#define LONG_NS (10 * 1000 * 1000ULL)

/* The first of each fence are taken for so long. */
#define FIRST_NS (100 * 1000 * 1000ULL)

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

static void add_problem(struct watch *watch, const char *problem, const char *consequence)
{
	struct cgfence_error text;

	if (!*problem)
		return;
	snprintf(text.text, sizeof(text.text), "%s; until then, %s only at the interval", problem,
		 consequence);
	watch_errors_add(&watch->problems, text.text, &watch->output);
}

static void report_problems(struct watch *watch)
{
	add_problem(watch, cgfence_monitor_problem(watch->monitor),
		    "some changes of fences are seen");
	add_problem(watch, cgfence_adopter_problem(watch->adopter),
		    "programs of others that come back are seen");
	watch_errors_turn(&watch->problems);
}

static double real_time_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void count_pass(struct watch *watch, bool failed)
{
	struct metrics_watch *tally = &watch->output.tally;

	tally->passes++;
	tally->failed_passes += failed;
	tally->pass_seconds = (double)watch->pass_ns / 1e9;
	if (!failed)
		tally->last_pass_time = real_time_s();
}

static void write_metrics(struct watch *watch)
{
	struct cgfence_error error = { 0 };

	if (!watch->metrics)
		return;
	watch->output.tally.reconciler = watch->reconciler;
	if (metrics_write_file(watch->metrics, &watch->output.tally, &error))
		watch_errors_add(&watch->metrics_errors, error.text, &watch->output);
	watch_errors_turn(&watch->metrics_errors);
}

int watch_look(struct watch *watch, watch_fences_change *change, struct cgfence_error *error)
{
	const uint64_t *ids;
	size_t count;
	int result = cgfence_census_take(watch->census, error);

	if (result)
		return result;
	ids = cgfence_census_ids(watch->census, &count);
	return watch_fences_update(&watch->fences, ids, count, change, &watch->output, error);
}

void watch_pass(struct watch *watch)
{
	struct cgfence_error error = { 0 };
	uint64_t begin_ns = processor_time_ns();
	size_t in_excess = 0;
	bool failed;

	report_problems(watch);
	cgfence_adopter_look(watch->adopter);
	failed = watch_look(watch, on_change, &error) ||
		 cgfence_reconciler_pass(watch->reconciler, 0, watch_events_violation,
					 &watch->output, &in_excess, &error);
	report_error(watch, failed ? error.text : "");
	watch->pass_ns = processor_time_ns() - begin_ns;
	count_pass(watch, failed);
	write_metrics(watch);
	state_tell(&watch->fences, in_excess, failed);
	/* Under constant changes that may take no more of a processor either. */
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

/* Some sockets, as those of MPTCP, are only closed by way of a descriptor, which a pass finds. */
static void on_violation(const struct cgfence_violation *violation, void *context)
{
	struct watch *watch = context;

	watch_events_violation(violation, &watch->output);
	if (violation->action == CGFENCE_ACTION_FAILED)
		watch_settle(watch, SETTLE_NS);
}

static void handle_listener(struct watch *watch, const struct cgfence_event *event)
{
	struct cgfence_error error = { 0 };
	int result = event->socket_cookie ? cgfence_reconciler_handle(watch->reconciler, event,
								      on_violation, watch, &error)
					  : 0;

	if (result == -EAGAIN)
		watch_settle(watch, LOST_NS);
	else if (result)
		report_error(watch, error.text);
	/*
	 * This event comes before the socket listens (inet_csk_listen_start, net/ipv4/inet_connection_sock.c), and
	 * other holders of the socket are not known, so a pass follows.
	 */
	if (event->made_outside)
		watch_settle(watch, SETTLE_NS);
}

static void read_events(struct watch *watch)
{
	struct cgfence_error error = { 0 };

	if (intake_read(&watch->intake, &error))
		report_error(watch, error.text);
}

/*
 * While one listener is dealt with, others may come, of other fences too, and the buffer of the kernel has room for those
 * of a moment alone. So of a flood of one fence some are left for the next round, and what they are taken in the midst of
 * goes on.
 */
void watch_take_events(struct watch *watch)
{
	uint64_t begin_ns = boot_time_ns();
	uint64_t now_ns = begin_ns;
	struct cgfence_event event;

	read_events(watch);
	while (now_ns - begin_ns < (intake_has_first(&watch->intake) ? FIRST_NS : LONG_NS) &&
	       intake_next_listener(&watch->intake, &event)) {
		uint64_t one_ns = now_ns;

		handle_listener(watch, &event);
		now_ns = boot_time_ns();
		if (now_ns - one_ns >= LONG_NS)
			read_events(watch);
	}
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
	    watch_look(watch, on_change, &error))
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

/* What it waits for may come earlier than what the timer was set for. */
static bool plan_adopt(struct watch *watch)
{
	uint64_t wait_ns = cgfence_adopter_wait_ns(watch->adopter);
	uint64_t now_ns = boot_time_ns();

	if (wait_ns && wait_ns != UINT64_MAX &&
	    (watch->adopt_ns <= now_ns || now_ns + wait_ns < watch->adopt_ns)) {
		watch->adopt_ns = now_ns + wait_ns;
		watch_sources_set_timer(&watch->sources, SOURCE_ADOPT, wait_ns, 0);
	}
	return wait_ns == 0;
}

size_t watch_resolve_now(struct watch *watch)
{
	struct cgfence_error error = { 0 };
	size_t changed = watch_resolve_work(&watch->resolve, &error);

	if (*error.text)
		report_error(watch, error.text);
	return changed;
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
		changed += watch_resolve_now(watch);
	/* Their listeners are of no event, if there are any. */
	if (changed)
		watch_settle(watch, SETTLE_NS);
	resolve_ns = watch_resolve_wait_ns(&watch->resolve);
	set_round(watch, apply_ns < resolve_ns ? apply_ns : resolve_ns);
	cgfence_adopter_work(watch->adopter, watch_events_returned, &watch->output);
	return plan_adopt(watch) || apply_ns == 0 || resolve_ns == 0;
}
