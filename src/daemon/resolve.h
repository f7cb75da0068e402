/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Resolves the names and patterns of all fences again when devices come and go. */
#pragma once

#include "daemon/errors.h"

#include <cgfence/watch.h>

struct watch_resolve {
	struct cgfence_resolver *resolver;
	bool told;		/* by the kernel, of devices */
	bool wanted;		/* a pass */
	uint64_t not_before_ns; /* the next pass (CLOCK_BOOTTIME) */
	size_t changed;		/* fences, by the pass under way */
	struct watch_events *output;
	struct watch_errors errors; /* of passes */
};

/** watch_resolve_open() - begin to listen for devices. @output: outlives it */
int watch_resolve_open(struct watch_resolve *resolve, struct watch_events *output,
		       struct cgfence_error *error);

/** watch_resolve_close() - free everything; the fences stay. */
void watch_resolve_close(struct watch_resolve *resolve);

/** watch_resolve_fd() - readable when the kernel tells of devices; -1 if it does not. */
int watch_resolve_fd(const struct watch_resolve *resolve);

/** watch_resolve_changed() - take notice of what the kernel tells. */
void watch_resolve_changed(struct watch_resolve *resolve);

/** watch_resolve_take_told() - if a pass is due, and because the kernel told of devices: so it is, once. */
bool watch_resolve_take_told(struct watch_resolve *resolve);

/** watch_resolve_want() - want a pass. */
void watch_resolve_want(struct watch_resolve *resolve);

/** watch_resolve_wait_ns() - how long until watch_resolve_work() has something to do; UINT64_MAX if that needs a change. */
uint64_t watch_resolve_wait_ns(const struct watch_resolve *resolve);

/**
 * watch_resolve_work() - do what can be done in a slice of time. It yields (<cgfence/yield.h>).
 * @error: set if it could not look, which it does not report itself
 *
 * Return: how many fences changed.
 */
size_t watch_resolve_work(struct watch_resolve *resolve, struct cgfence_error *error);
