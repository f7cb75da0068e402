/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lines that watch prints, or sends to the journal. */
#pragma once

#include "report/journal.h"
#include "report/metrics.h"
#include "report/stream.h"

#include <cgfence/reconcile.h>
#include <cgfence/watch.h>

struct watch_events {
	struct stream *stream;
	struct journal *journal; /* takes them in place of the stream; NULL if there is none */
	bool json;		 /* else aligned text */
	struct metrics_watch tally;
};

/** watch_events_started() - the watch has begun. @interval_ns: between passes */
void watch_events_started(struct watch_events *events, uint64_t interval_ns, bool by_iterator);

/** watch_events_violation() - a violation, or its end; fits cgfence_report. @context: struct watch_events */
void watch_events_violation(const struct cgfence_violation *violation, void *context);

/**
 * watch_events_denial() - the first refusal of a request.
 * @cgroup: path of the fence root, NULL if it is not known
 * @name: of its policy, NULL if there is none
 */
void watch_events_denial(struct watch_events *events, const char *cgroup, const char *name,
			 const struct cgfence_denial_record *record);

/** watch_events_omitted() - so many first refusals were not told, since they came too fast. @cgroup: as above */
void watch_events_omitted(struct watch_events *events, const char *cgroup, size_t count);

/** watch_events_fence() - a fence was attached or detached. @event: "fenced" or "unfenced" */
void watch_events_fence(struct watch_events *events, const char *event, const char *cgroup);

/** watch_events_applied() - a fence was made to match a policy file. */
void watch_events_applied(struct watch_events *events, const char *cgroup, const char *file);

/**
 * watch_events_returned() - programs of others came to judge beside a fence that may take their place, and what became of
 * it; fits cgfence_return_visitor. @context: struct watch_events
 */
void watch_events_returned(const struct cgfence_return *found, void *context);
/** watch_events_resolved() - the words of a fence stand for something else. */
void watch_events_resolved(struct watch_events *events, const struct cgfence_resolved *resolved);

/** watch_events_error() - an error that the watch survives. */
void watch_events_error(struct watch_events *events, const char *text);

/** watch_events_dropped() - report how many lines were lost, if there is room for that. */
void watch_events_dropped(struct watch_events *events);
