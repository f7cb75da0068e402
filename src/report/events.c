// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/events.h"
#include "report/output.h"
#include "report/printable.h"
#include "report/denial.h"
#include "report/violation.h"
#include "base/boot_time.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000ULL
#define CGROUP_WIDTH 24

/* Takes the reference. */
static void write_json(struct watch_events *events, json_t *object)
{
	char *line = output_json_text(object, JSON_COMPACT);

	if (line)
		stream_write(events->stream, line);
	free(line);
}

/* Time, event and cgroup in columns, then the details. */
static void __attribute__((format(printf, 5, 6)))
write_text(struct watch_events *events, uint64_t time_ns, const char *event, const char *cgroup,
	   const char *format, ...)
{
	char time[OUTPUT_TIME_SIZE];
	char *details = NULL;
	const char *gap;
	char *printable = NULL;
	char *line = NULL;
	va_list arguments;

	output_time(time_ns, time);
	va_start(arguments, format);
	if (vasprintf(&details, format, arguments) < 0)
		details = NULL;
	va_end(arguments);
	gap = details && *details ? "  " : "";
	if (details && asprintf(&line, "%s  %-9s  %-*s%s%s", time, event, *gap ? CGROUP_WIDTH : 0,
				cgroup ? cgroup : "-", gap, details) < 0)
		line = NULL;
	printable = line ? printable_copy(line) : NULL;
	if (printable)
		stream_write(events->stream, printable);
	free(printable);
	free(line);
	free(details);
}

/* Every object begins with event and time. */
static json_t *begin_json(const char *event, uint64_t time_ns)
{
	char time[OUTPUT_TIME_SIZE];

	output_time(time_ns, time);
	return json_pack("{s:s, s:s}", "event", event, "time", time);
}

void watch_events_started(struct watch_events *events, uint64_t interval_ns, bool by_iterator)
{
	double interval_s = (double)interval_ns / (double)NS_PER_S;
	json_t *object;

	if (!events->json) {
		write_text(events, boot_time_ns(), "started", NULL,
			   "a pass every %g s; holders are found by %s", interval_s,
			   by_iterator ? "the BPF iterator" : "/proc");
		return;
	}
	object = begin_json("started", boot_time_ns());
	json_object_set_new(object, "interval", json_real(interval_s));
	json_object_set_new(object, "holders", json_string(by_iterator ? "iterator" : "proc"));
	write_json(events, object);
}

void watch_events_violation(const struct cgfence_violation *violation, void *context)
{
	struct watch_events *events = context;
	const char *event = violation->ended ? "ended" : "violation";
	char socket[VIOLATION_SOCKET_SIZE];
	char rest[VIOLATION_REST_SIZE];

	if (events->json) {
		write_json(events, violation_json(violation));
		return;
	}
	if (violation->rest) {
		violation_format_rest(violation, rest);
		write_text(events, violation->time_ns, event, violation->cgroup, "%zu more: %s",
			   violation->rest, rest);
		return;
	}
	violation_format_socket(violation, socket);
	write_text(events, violation->time_ns, event, violation->cgroup,
		   "%s  pid %u (%s) in %s  %s: %s%s%s", socket, violation->pid, violation->comm,
		   violation->member ? violation->member : "a cgroup that is gone",
		   cgfence_action_name(violation->action), violation->reason,
		   *violation->failure ? "; " : "", violation->failure);
}

void watch_events_denial(struct watch_events *events, const char *cgroup, const char *name,
			 const struct cgfence_denial_record *record)
{
	const char *verdict = denial_verdict_name(&record->subject);
	char subject[DENIAL_SUBJECT_SIZE];
	json_t *object;

	if (!events->json) {
		denial_format_subject(&record->subject, subject);
		if (denial_names_task(record))
			write_text(events, record->last_ns, verdict, cgroup,
				   "%s %s  pid %u (%.16s)%s%s", denial_hook_name(&record->subject),
				   subject, record->pid, record->comm, name ? "  policy " : "",
				   name ? name : "");
		else
			write_text(events, record->last_ns, verdict, cgroup, "%s %s%s%s",
				   denial_hook_name(&record->subject), subject,
				   name ? "  policy " : "", name ? name : "");
		return;
	}
	object = begin_json(verdict, record->last_ns);
	if (object)
		json_object_update_missing_new(object,
					       denial_json(output_json_string(cgroup), record));
	if (object)
		json_object_set_new(object, "name", output_json_string(name));
	write_json(events, object);
}

void watch_events_omitted(struct watch_events *events, const char *cgroup, size_t count)
{
	json_t *object;

	if (!events->json) {
		write_text(events, boot_time_ns(), "omitted", cgroup,
			   "%zu refusals, which came too fast", count);
		return;
	}
	object = begin_json("omitted", boot_time_ns());
	json_object_set_new(object, "cgroup", output_json_string(cgroup));
	json_object_set_new(object, "count", json_integer((json_int_t)count));
	write_json(events, object);
}

void watch_events_fence(struct watch_events *events, const char *event, const char *cgroup)
{
	json_t *object;

	if (!events->json) {
		write_text(events, boot_time_ns(), event, cgroup, "%s", "");
		return;
	}
	object = begin_json(event, boot_time_ns());
	json_object_set_new(object, "cgroup", output_json_string(cgroup));
	write_json(events, object);
}

void watch_events_applied(struct watch_events *events, const char *cgroup, const char *file)
{
	json_t *object;

	if (!events->json) {
		write_text(events, boot_time_ns(), "applied", cgroup, "%s", file);
		return;
	}
	object = begin_json("applied", boot_time_ns());
	json_object_set_new(object, "cgroup", output_json_string(cgroup));
	json_object_set_new(object, "file", output_json_string(file));
	write_json(events, object);
}

/* The lines of a diff that begin with a sign, on one line; those of topics say nothing more. */
static char *join_changes(const char *changes)
{
	char *joined = calloc(1, strlen(changes) * 2 + 1);
	char *to = joined;

	while (joined && *changes) {
		size_t length = strcspn(changes, "\n");

		if (*changes == '+' || *changes == '-') {
			to = stpcpy(to, to == joined ? "" : ", ");
			memcpy(to, changes, length);
			to += length;
		}
		changes += length + (changes[length] != '\0');
	}
	return joined;
}

void watch_events_resolved(struct watch_events *events, const struct cgfence_resolved *resolved)
{
	json_t *object;
	char *changes;

	if (!events->json) {
		changes = join_changes(resolved->changes);
		write_text(events, boot_time_ns(), "resolved", resolved->cgroup, "%s: %s",
			   changes ? changes : "", resolved->reason);
		free(changes);
		return;
	}
	object = begin_json("resolved", boot_time_ns());
	json_object_set_new(object, "cgroup", output_json_string(resolved->cgroup));
	json_object_set_new(object, "reason", output_json_string(resolved->reason));
	json_object_set_new(object, "changes", json_loads(resolved->changes_json, 0, NULL));
	write_json(events, object);
}

void watch_events_error(struct watch_events *events, const char *text)
{
	json_t *object;

	if (!events->json) {
		write_text(events, boot_time_ns(), "error", NULL, "%s", text);
		return;
	}
	object = begin_json("error", boot_time_ns());
	json_object_set_new(object, "error", output_json_string(text));
	write_json(events, object);
}

void watch_events_dropped(struct watch_events *events)
{
	size_t dropped = stream_take_dropped(events->stream);
	json_t *object;

	if (!dropped)
		return;
	if (!events->json) {
		write_text(events, boot_time_ns(), "dropped", NULL,
			   "%zu lines, which were not read in time", dropped);
		return;
	}
	object = begin_json("dropped", boot_time_ns());
	json_object_set_new(object, "count", json_integer((json_int_t)dropped));
	write_json(events, object);
}
