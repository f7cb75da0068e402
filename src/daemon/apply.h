/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `watch --apply` does: keeps the fences as policies say. */
#pragma once

#include "report/events.h"

#include <cgfence/apply.h>

struct watch_apply {
	const char *path;		     /* of a policy or a directory; NULL if there is none */
	struct cgfence_policy_set *policies; /* the last that were valid; NULL if none were */
	struct cgfence_apply_monitor *monitor;
	char last_error[sizeof(((struct cgfence_error *)NULL)->text)];
};

/** watch_apply_open() - get ready; without a path there is nothing to do. */
int watch_apply_open(struct watch_apply *apply, const char *path, struct cgfence_error *error);

/** watch_apply_close() - give everything back; the fences stay. */
void watch_apply_close(struct watch_apply *apply);

/** watch_apply_fd() - readable when something has changed; -1 if there is nothing to wait for. */
int watch_apply_fd(const struct watch_apply *apply);

/** watch_apply_load() - read the policies again; if one is invalid, that is said, and those read before stay. */
void watch_apply_load(struct watch_apply *apply, struct watch_events *output);

/** watch_apply_run() - attach and replace what differs. */
void watch_apply_run(struct watch_apply *apply, struct watch_events *output);

/** watch_apply_changed() - load and run as is needed after something has changed. */
void watch_apply_changed(struct watch_apply *apply, struct watch_events *output);
