// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/denial.h"
#include "report/output.h"

#include <cgfence/standing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *protocol_name(const struct cgfence_denial_subject *subject)
{
	return cgfence_ip_protocol_name(subject->type);
}

static const char *family_name(const struct cgfence_denial_subject *subject)
{
	return cgfence_family_name((enum cgfence_family)subject->access);
}

static bool is_of_device(const struct cgfence_denial_subject *subject)
{
	return cgfence_hook_topic((enum cgfence_hook)subject->hook) == CGFENCE_TOPIC_DEVICES;
}

const char *denial_hook_name(const struct cgfence_denial_subject *subject)
{
	return cgfence_hook_name((enum cgfence_hook)subject->hook);
}

const char *denial_verdict_name(const struct cgfence_denial_subject *subject)
{
	return cgfence_verdict_name((enum cgfence_verdict)subject->verdict);
}

void denial_format_subject(const struct cgfence_denial_subject *subject,
			   char text[DENIAL_SUBJECT_SIZE])
{
	cgfence_denial_format(subject, text, DENIAL_SUBJECT_SIZE);
}

const struct table_column denial_columns[] = {
	{ .heading = "LAST" },
	{ .heading = "COUNT" },
	{ .heading = "VERDICT" },
	{ .heading = "HOOK", .rank = 2, .width = 6 },
	{ .heading = "WHAT", .width = 14 },
	{ .heading = "PID", .rank = 1, .width = 7 },
	{ .heading = "COMM", .elastic = true },
	{ .heading = "FIRST", .rank = 3 },
	{ .heading = "CGROUP", .elastic = true },
	{ 0 },
};

void denial_add_row(struct table *table, const char *cgroup,
		    const struct cgfence_denial_record *record)
{
	char subject[DENIAL_SUBJECT_SIZE];
	char first[OUTPUT_TIME_SIZE];
	char last[OUTPUT_TIME_SIZE];

	denial_format_subject(&record->subject, subject);
	output_time(record->first_ns, first);
	output_time(record->last_ns, last);
	table_add_cell(table, "%s", last);
	table_add_cell(table, "%llu", (unsigned long long)record->count);
	table_add_cell(table, "%s", denial_verdict_name(&record->subject));
	table_add_cell(table, "%s", denial_hook_name(&record->subject));
	table_add_cell(table, "%s", subject);
	if (denial_names_task(record))
		table_add_cell(table, "%u", record->pid);
	else
		table_add_cell(table, "-");
	table_add_cell(table, "%.16s", denial_names_task(record) ? record->comm : "-");
	table_add_cell(table, "%s", first);
	table_add_cell(table, "%s", cgroup);
}

/* The access letters of "c 1:3 rw", or "" if it has none. */
static const char *access_letters(const char *device)
{
	const char *last = strrchr(device, ' ');

	return strchr(device, ' ') == last ? "" : last + 1;
}

/* Adds the refused request, in the form of its hook. */
static void set_subject(json_t *object, const struct cgfence_denial_subject *subject)
{
	char device[32];

	if (!is_of_device(subject)) {
		json_object_set_new(object, "protocol", json_string(protocol_name(subject)));
		json_object_set_new(object, "family", json_string(family_name(subject)));
		json_object_set_new(object, "port", json_integer(subject->major));
		return;
	}
	cgfence_denial_format(subject, device, sizeof(device));
	json_object_set_new(object, "device",
			    json_pack("{s:s, s:I, s:I, s:s}", "type",
				      subject->type == BPF_DEVCG_DEV_CHAR ? "c" : "b", "major",
				      (json_int_t)subject->major, "minor",
				      (json_int_t)subject->minor, "access",
				      access_letters(device)));
}

char *denial_member_path(const struct cgfence_fence *fence, uint64_t member)
{
	char *path = NULL;

	if (!member || cgfence_fence_member_path(fence, member, &path, NULL) == 0)
		return path;
	return asprintf(&path, "id:%llu", (unsigned long long)member) < 0 ? NULL : path;
}

json_t *denial_json(json_t *cgroup, const struct cgfence_denial_record *record)
{
	const struct cgfence_denial_subject *subject = &record->subject;
	bool known = denial_names_task(record);
	char comm[sizeof(record->comm) + 1];
	char first[OUTPUT_TIME_SIZE];
	char last[OUTPUT_TIME_SIZE];
	json_t *object;

	/* A process can set its name to any bytes. */
	snprintf(comm, sizeof(comm), "%.*s", (int)sizeof(record->comm), record->comm);
	output_time(record->first_ns, first);
	output_time(record->last_ns, last);
	object = json_pack("{s:o, s:s, s:s, s:o, s:o, s:I, s:s, s:s}", "cgroup", cgroup, "hook",
			   denial_hook_name(subject), "verdict", denial_verdict_name(subject),
			   "pid", known ? json_integer(record->pid) : json_null(), "comm",
			   known ? output_json_string(comm) : json_null(), "count",
			   (json_int_t)record->count, "first", first, "last", last);
	if (object)
		set_subject(object, subject);
	return object;
}
