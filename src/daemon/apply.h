/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keeps the fences matched to the policies, for `watch --apply`. */
#pragma once

#include "report/events.h"

#include <cgfence/apply.h>

struct watch_apply {
	const char *path;		     /* of a policy or a directory; NULL if there is none */
	struct cgfence_policy_set *policies; /* the last that were valid; NULL if none were */
	struct cgfence_apply_monitor *monitor;
	char last_error[sizeof(((struct cgfence_error *)NULL)->text)];
};

/** watch_apply_open() - begin to watch the policies of @path; NULL for none. */
int watch_apply_open(struct watch_apply *apply, const char *path, struct cgfence_error *error);

/** watch_apply_close() - free everything; the fences stay. */
void watch_apply_close(struct watch_apply *apply);

/** watch_apply_fd() - readable when something has changed; -1 if there is nothing to wait for. */
int watch_apply_fd(const struct watch_apply *apply);

/** watch_apply_load() - read the policies again; if one is invalid, report it and keep those of the last time. */
void watch_apply_load(struct watch_apply *apply, struct watch_events *output);

/** watch_apply_run() - attach and replace the fences that differ. */
void watch_apply_run(struct watch_apply *apply, struct watch_events *output);

/** watch_apply_changed() - load and run as needed after a change. */
void watch_apply_changed(struct watch_apply *apply, struct watch_events *output);
