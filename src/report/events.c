// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/events.h"
#include "report/output.h"
#include "report/printable.h"
#include "report/denial.h"
#include "report/foreign.h"
#include "report/violation.h"
#include "base/boot_time.h"

#include <cgfence/foreign.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000ULL
#define CGROUP_WIDTH 24

/* What the journal does not take goes to standard output, which it reads where it can be asked at all. */
static void write_line(struct watch_events *events, const struct journal_entry *entry,
		       const char *line)
{
	if (!journal_send(events->journal, entry, line))
		stream_write(events->stream, line);
}

/* Takes the reference. */
static void write_json(struct watch_events *events, const struct journal_entry *entry,
		       json_t *object)
{
	char *line = output_json_text(object, JSON_COMPACT);

	if (line)
		write_line(events, entry, line);
	free(line);
}

/* Time, event and cgroup in columns, then the details. */
static void __attribute__((format(printf, 5, 6)))
write_text(struct watch_events *events, const struct journal_entry *entry, uint64_t time_ns,
	   const char *event, const char *format, ...)
{
	const char *cgroup = entry->cgroup;
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
		write_line(events, entry, printable);
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
	const struct journal_entry entry = { .what = "started" };
	double interval_s = (double)interval_ns / (double)NS_PER_S;
	json_t *object;

	if (!events->json) {
		write_text(events, &entry, boot_time_ns(), entry.what,
			   "a pass every %g s; holders are found by %s", interval_s,
			   by_iterator ? "the BPF iterator" : "/proc");
		return;
	}
	object = begin_json("started", boot_time_ns());
	json_object_set_new(object, "interval", json_real(interval_s));
	json_object_set_new(object, "holders", json_string(by_iterator ? "iterator" : "proc"));
	write_json(events, &entry, object);
}

static void count_actions(const struct cgfence_violation *violation, struct metrics_watch *tally)
{
	if (violation->ended)
		return;
	tally->actions[violation->action] += !violation->rest;
	for (int i = 0; i < CGFENCE_ACTION_COUNT && violation->rest; i++)
		tally->actions[i] += violation->rest_actions[i];
}

/* @socket: receives the text that the entry points to */
static struct journal_entry violation_entry(const struct cgfence_violation *violation,
					    char socket[VIOLATION_SOCKET_SIZE])
{
	if (violation->rest)
		return (struct journal_entry){
			.what = violation->ended ? "violations_ended" : "violations",
			.cgroup = violation->cgroup,
			.count = violation->rest,
		};
	violation_format_socket(violation, socket);
	return (struct journal_entry){
		.what = violation->ended ? "ended" : "violation",
		.cgroup = violation->cgroup,
		.member = violation->member,
		.subject = socket,
		.action = cgfence_action_name(violation->action),
		.reason = violation->reason,
		.failure = violation->failure,
		.comm = violation->comm,
		.cmdline = violation->cmdline,
		.pid = violation->pid,
	};
}

void watch_events_violation(const struct cgfence_violation *violation, void *context)
{
	const char *event = violation->ended ? "ended" : "violation";
	char socket[VIOLATION_SOCKET_SIZE];
	char rest[VIOLATION_REST_SIZE];
	char holder[64] = "made";
	const struct journal_entry entry = violation_entry(violation, socket);
	struct watch_events *events = context;

	count_actions(violation, &events->tally);
	if (events->json) {
		write_json(events, &entry, violation_json(violation));
		return;
	}
	if (violation->rest) {
		violation_format_rest(violation, rest);
		write_text(events, &entry, violation->time_ns, event, "%zu more: %s",
			   violation->rest, rest);
		return;
	}
	/* Nobody may hold it who is in the fence. */
	if (violation->pid)
		snprintf(holder, sizeof(holder), "pid %u (%s)", violation->pid, violation->comm);
	write_text(events, &entry, violation->time_ns, event, "%s  %s in %s  %s: %s%s%s", socket,
		   holder, violation->member ? violation->member : "a cgroup that is gone",
		   cgfence_action_name(violation->action), violation->reason,
		   *violation->failure ? "; " : "", violation->failure);
}

void watch_events_denial(struct watch_events *events, const char *cgroup, const char *name,
			 const struct cgfence_denial_record *record)
{
	bool known = denial_names_task(record);
	char subject[DENIAL_SUBJECT_SIZE];
	char comm[sizeof(record->comm) + 1];
	const struct journal_entry entry = {
		.what = denial_verdict_name(&record->subject),
		.cgroup = cgroup,
		.policy = name,
		.hook = denial_hook_name(&record->subject),
		.subject = subject,
		.comm = known ? comm : NULL,
		.pid = known ? record->pid : 0,
	};
	json_t *object;

	denial_format_subject(&record->subject, subject);
	snprintf(comm, sizeof(comm), "%.*s", (int)sizeof(record->comm), record->comm);
	if (!events->json) {
		if (known)
			write_text(events, &entry, record->last_ns, entry.what,
				   "%s %s  pid %u (%s)%s%s", entry.hook, subject, record->pid, comm,
				   name ? "  policy " : "", name ? name : "");
		else
			write_text(events, &entry, record->last_ns, entry.what, "%s %s%s%s",
				   entry.hook, subject, name ? "  policy " : "", name ? name : "");
		return;
	}
	object = begin_json(entry.what, record->last_ns);
	if (object)
		json_object_update_missing_new(object,
					       denial_json(output_json_string(cgroup), record));
	if (object)
		json_object_set_new(object, "name", output_json_string(name));
	write_json(events, &entry, object);
}

void watch_events_omitted(struct watch_events *events, const char *cgroup, size_t count)
{
	const struct journal_entry entry = { .what = "omitted", .cgroup = cgroup, .count = count };
	json_t *object;

	events->tally.omitted += count;
	if (!events->json) {
		write_text(events, &entry, boot_time_ns(), entry.what,
			   "%zu refusals, which came too fast", count);
		return;
	}
	object = begin_json("omitted", boot_time_ns());
	json_object_set_new(object, "cgroup", output_json_string(cgroup));
	json_object_set_new(object, "count", json_integer((json_int_t)count));
	write_json(events, &entry, object);
}

void watch_events_fence(struct watch_events *events, const char *event, const char *cgroup)
{
	const struct journal_entry entry = { .what = event, .cgroup = cgroup };
	json_t *object;

	if (!events->json) {
		write_text(events, &entry, boot_time_ns(), event, "%s", "");
		return;
	}
	object = begin_json(event, boot_time_ns());
	json_object_set_new(object, "cgroup", output_json_string(cgroup));
	write_json(events, &entry, object);
}

void watch_events_applied(struct watch_events *events, const char *cgroup, const char *file)
{
	const struct journal_entry entry = { .what = "applied", .cgroup = cgroup, .file = file };
	json_t *object;

	if (!events->json) {
		write_text(events, &entry, boot_time_ns(), entry.what, "%s", file);
		return;
	}
	object = begin_json("applied", boot_time_ns());
	json_object_set_new(object, "cgroup", output_json_string(cgroup));
	json_object_set_new(object, "file", output_json_string(file));
	write_json(events, &entry, object);
}

static void report_attached(struct watch_events *events, const struct cgfence_return *found,
			    const struct cgfence_foreign_program *program)
{
	char owner[CGFENCE_OWNER_TEXT_SIZE];
	char text[CGFENCE_FOREIGN_TEXT_SIZE];
	const struct journal_entry entry = {
		.what = "attached",
		.cgroup = found->cgroup,
		.member = found->member,
		.subject = text,
	};
	json_t *object;

	cgfence_foreign_describe(program, text);
	if (!events->json) {
		cgfence_cgroup_owner(program->cgroup, owner);
		write_text(events, &entry, boot_time_ns(), entry.what, "%s on %s%s%s", text,
			   program->cgroup, *owner ? ", of " : "", owner);
		return;
	}
	object = begin_json("attached", boot_time_ns());
	json_object_set_new(object, "cgroup", output_json_string(found->cgroup));
	json_object_set_new(object, "member", output_json_string(found->member));
	json_object_set_new(object, "program", other_json(program));
	write_json(events, &entry, object);
}

static void report_place(struct watch_events *events, const struct cgfence_return *found)
{
	const struct journal_entry entry = {
		.what = found->taken ? "adopted" : "left",
		.cgroup = found->cgroup,
		.member = found->member,
		.reason = found->taken ? NULL : found->reason,
		.count = found->count,
	};
	const char *place = found->member ? found->member : found->cgroup;
	const char *ending = found->count == 1 ? "" : "s";
	json_t *object;

	if (!events->json && found->taken) {
		write_text(events, &entry, boot_time_ns(), entry.what,
			   "took the place of %zu program%s on %s", found->count, ending, place);
		return;
	}
	if (!events->json) {
		write_text(events, &entry, boot_time_ns(), entry.what,
			   "%zu program%s on %s, which the fence does not replace: %s",
			   found->count, ending, place, found->reason);
		return;
	}
	object = begin_json(entry.what, boot_time_ns());
	json_object_set_new(object, "cgroup", output_json_string(found->cgroup));
	json_object_set_new(object, "member", output_json_string(found->member));
	json_object_set_new(object, "count", json_integer((json_int_t)found->count));
	if (!found->taken)
		json_object_set_new(object, "reason", output_json_string(found->reason));
	write_json(events, &entry, object);
}

void watch_events_returned(const struct cgfence_return *found, void *context)
{
	struct watch_events *events = context;

	for (size_t i = 0; i < found->count; i++)
		report_attached(events, found, &found->programs[i]);
	report_place(events, found);
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
	const struct journal_entry entry = {
		.what = "resolved",
		.cgroup = resolved->cgroup,
		.reason = resolved->reason,
	};
	json_t *object;
	char *changes;

	if (!events->json) {
		changes = join_changes(resolved->changes);
		write_text(events, &entry, boot_time_ns(), entry.what, "%s: %s",
			   changes ? changes : "", resolved->reason);
		free(changes);
		return;
	}
	object = begin_json("resolved", boot_time_ns());
	json_object_set_new(object, "cgroup", output_json_string(resolved->cgroup));
	json_object_set_new(object, "reason", output_json_string(resolved->reason));
	json_object_set_new(object, "changes", json_loads(resolved->changes_json, 0, NULL));
	write_json(events, &entry, object);
}

void watch_events_error(struct watch_events *events, const char *text)
{
	const struct journal_entry entry = { .what = "error", .reason = text };
	json_t *object;

	if (!events->json) {
		write_text(events, &entry, boot_time_ns(), entry.what, "%s", text);
		return;
	}
	object = begin_json("error", boot_time_ns());
	json_object_set_new(object, "error", output_json_string(text));
	write_json(events, &entry, object);
}

void watch_events_dropped(struct watch_events *events)
{
	size_t dropped = stream_take_dropped(events->stream);
	const struct journal_entry entry = { .what = "dropped", .count = dropped };
	json_t *object;

	if (!dropped)
		return;
	events->tally.lost_lines += dropped;
	if (!events->json) {
		write_text(events, &entry, boot_time_ns(), entry.what,
			   "%zu lines, which were not read in time", dropped);
		return;
	}
	object = begin_json("dropped", boot_time_ns());
	json_object_set_new(object, "count", json_integer((json_int_t)dropped));
	write_json(events, &entry, object);
}
