/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The daemon, run as systemd runs it. */
#pragma once

#include "fields.h"
#include "program.h"

/* Longer than any test, so that the interval causes nothing. */
#define LONG_INTERVAL "1h"

struct watching {
	struct program program;
	int notify;	  /* receives its notices */
	char status[256]; /* the last of them that told its state, as far as they were read */
};

/**
 * watching_start() - start a watch that prints JSON, and wait until it has made its first pass. To be given to
 * watching_stop().
 * @interval: what follows --interval
 */
void watching_start(struct watching *watching, const char *interval);

/** watching_start_with() - the same with other options and words. */
void watching_start_with(struct watching *watching, const struct program_options *options,
			 const char *const *words);

/** watching_notice() - its next notice to systemd that tells no state, "" if none comes for @seconds; it lives until the next call. */
const char *watching_notice(struct watching *watching, int seconds);

/** watching_round() - let SIGHUP make it do a pass, and wait until that is over. */
void watching_round(const struct watching *watching);

/**
 * watching_expect_sleep() - wait until it waits, and see that it does so without end: no timer of it rings before an hour
 * or so, and so nothing but an event wakes it. Start it with LONG_INTERVAL.
 */
void watching_expect_sleep(const struct watching *watching);

/** watching_await_rest() - wait until its timers that were set for soon have rung, so that nothing but an event wakes it. */
void watching_await_rest(const struct watching *watching);

/** watching_event() - wait for the next event of this name, to be given to json_decref(). */
json_t *watching_event(struct watching *watching, const char *event);

/** watching_skip() - wait for the next event of this name. */
void watching_skip(struct watching *watching, const char *event);

/** watching_stop() - send SIGTERM, and check that it ends with success. */
void watching_stop(struct watching *watching);

/** watching_stop_unwritten() - the same of one that has told why it cannot write. */
void watching_stop_unwritten(struct watching *watching, const char *reason);
