/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps the fences matched to the policies, for `watch --apply`. A round plans once, and then acts in slices between
 * which the loop does everything else.
 */
#pragma once

#include "daemon/errors.h"

#include <cgfence/apply.h>

struct watch_apply {
	const char *path;		     /* of a policy or a directory; NULL if there is none */
	struct cgfence_policy_set *policies; /* the last that were valid; NULL if none were */
	struct cgfence_apply_monitor *monitor;
	struct cgfence_apply_plan *plan; /* of the round that is under way; NULL if none is */
	size_t next;			 /* its next step */
	bool wanted;			 /* another round */
	bool put_off;		    /* a step of this round, since a container is being set up */
	uint64_t not_before_ns;	    /* the next round (CLOCK_BOOTTIME) */
	struct watch_errors errors; /* of rounds */
	struct watch_errors load_errors;
	bool failed; /* to read the policies */
};

/** watch_apply_open() - begin to watch the policies of @path; NULL for none. */
int watch_apply_open(struct watch_apply *apply, const char *path, struct cgfence_error *error);

/** watch_apply_close() - free everything; the fences stay. */
void watch_apply_close(struct watch_apply *apply);

/** watch_apply_fd() - readable when something has changed; -1 if there is nothing to wait for. */
int watch_apply_fd(const struct watch_apply *apply);

/**
 * watch_apply_load() - read the policies again, and want a round at once.
 *
 * If one is invalid, it is reported, and those of the last time stay.
 */
void watch_apply_load(struct watch_apply *apply, struct watch_events *output);

/** watch_apply_look() - look for what nobody tells of, such as another number of a device, and want a round. */
void watch_apply_look(struct watch_apply *apply, struct watch_events *output);

/** watch_apply_changed() - take notice of a change. */
void watch_apply_changed(struct watch_apply *apply, struct watch_events *output);

/** watch_apply_devices() - look for devices with other numbers, as some have come or gone. */
void watch_apply_devices(struct watch_apply *apply);

/** watch_apply_wait_ns() - how long until watch_apply_work() has something to do; UINT64_MAX if that needs a change. */
uint64_t watch_apply_wait_ns(const struct watch_apply *apply);

/**
 * watch_apply_work() - do what can be done in a slice of time. It yields (<cgfence/yield.h>).
 *
 * Return: how many fences were attached or replaced.
 */
size_t watch_apply_work(struct watch_apply *apply, struct watch_events *output);
