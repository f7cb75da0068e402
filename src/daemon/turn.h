/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The work of a watch, which its loop does in turns. */
#pragma once

#include "daemon/apply.h"
#include "daemon/resolve.h"
#include "daemon/sources.h"
#include "daemon/words.h"

struct watch {
	struct cgfence_census *census;
	struct cgfence_reconciler *reconciler;
	struct cgfence_monitor *monitor;
	struct watch_fences fences;
	struct watch_events output;
	struct intake intake;
	struct watch_words words;
	uint64_t interval_ns;
	const char *metrics; /* a file; NULL for none */
	int lock;
	struct watch_sources sources;
	struct watch_apply apply;
	struct cgfence_adopter *adopter;
	uint64_t adopt_ns; /* when the timer rings that was set for it */
	struct watch_resolve resolve;
	uint64_t pass_ns;  /* how long the last pass kept a processor busy */
	uint64_t alive_ns; /* when it said so last; 0 until it is ready */
	char last_error[sizeof(((struct cgfence_error *)NULL)->text)];
	struct watch_errors problems;
	struct watch_errors metrics_errors;
	bool hangup; /* SIGHUP came */
	bool stopping;
};

/**
 * watch_look() - look at all fences, and tell of those that are new or gone.
 * @change: as in watch_fences_update()
 */
int watch_look(struct watch *watch, watch_fences_change *change, struct cgfence_error *error);

/** watch_pass() - make a pass. */
void watch_pass(struct watch *watch);

/** watch_look_and_pass() - look for what nobody tells of, and make a pass. */
void watch_look_and_pass(struct watch *watch);

/** watch_settle() - let a pass be made in so long, or later where passes take long. */
void watch_settle(struct watch *watch, uint64_t ns);

/** watch_take_events() - act on all listeners that the kernel tells of, before any output. It may be called while it runs. */
void watch_take_events(struct watch *watch);

/** watch_tell() - tell of refusals. */
void watch_tell(struct watch *watch);

/** watch_read_signals() - take notice of signals. */
void watch_read_signals(struct watch *watch);

/** watch_say_alive() - tell the service manager so. */
void watch_say_alive(struct watch *watch);

/** watch_resolve_now() - do what can be done in a slice of time. Return: how many fences changed. */
size_t watch_resolve_now(struct watch *watch);

/** watch_work() - do a slice of what is to be done. Return: is there more to be done at once? */
bool watch_work(struct watch *watch);

/**
 * watch_on_yield() - between two units of work of a long call of the library, do what cannot wait.
 * @context: struct watch; what that call uses stays as it is
 */
void watch_on_yield(void *context);
