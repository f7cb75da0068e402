// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "fences.h"
#include "output.h"
#include "../cleanup.h"

#include <netinet/in.h>
#include <string.h>

static const char *const hook_names[CGFENCE_HOOK_COUNT] = {
	[CGFENCE_HOOK_DEVICE] = "device",
	[CGFENCE_HOOK_BIND] = "bind",
	[CGFENCE_HOOK_LISTEN] = "listen",
	[CGFENCE_HOOK_CREATE] = "create",
};

static const char *const verdict_names[CGFENCE_VERDICT_COUNT] = {
	[CGFENCE_VERDICT_DENIED] = "denied",
	[CGFENCE_VERDICT_AUDITED] = "audited",
	[CGFENCE_VERDICT_KILLED] = "killed",
};

static const char *protocol_name(const struct cgfence_denial_subject *subject)
{
	switch (subject->type) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return "udp";
	default:
		return "other";
	}
}

static const char *family_name(const struct cgfence_denial_subject *subject)
{
	return subject->access == CGFENCE_IPV6 ? "ipv6" : "ipv4";
}

static void format_device(const struct cgfence_denial_subject *subject, char *text, size_t size)
{
	struct cgfence_device_request request = {
		.type = subject->type,
		.major = subject->major,
		.minor = subject->minor,
		.access = subject->access,
	};

	cgfence_device_request_format(&request, text, size);
}

static void format_subject(const struct cgfence_denial_subject *subject, char *text, size_t size)
{
	if (subject->hook == CGFENCE_HOOK_DEVICE)
		format_device(subject, text, size);
	else if (subject->hook == CGFENCE_HOOK_CREATE)
		snprintf(text, size, "%s %s", protocol_name(subject), family_name(subject));
	else
		snprintf(text, size, "%s %s:%u", protocol_name(subject), family_name(subject),
			 subject->major);
}

/* The access letters of "c 1:3 rw", or "" where it has none. */
static const char *access_letters(const char *device)
{
	const char *last = strrchr(device, ' ');

	return strchr(device, ' ') == last ? "" : last + 1;
}

/* Adds what was refused, in the form of its hook. */
static void set_subject(json_t *object, const struct cgfence_denial_subject *subject)
{
	char device[32];

	if (subject->hook != CGFENCE_HOOK_DEVICE) {
		json_object_set_new(object, "protocol", json_string(protocol_name(subject)));
		json_object_set_new(object, "family", json_string(family_name(subject)));
		json_object_set_new(object, "port", json_integer(subject->major));
		return;
	}
	format_device(subject, device, sizeof(device));
	json_object_set_new(object, "device",
			    json_pack("{s:s, s:I, s:I, s:s}", "type",
				      subject->type == BPF_DEVCG_DEV_CHAR ? "c" : "b", "major",
				      (json_int_t)subject->major, "minor",
				      (json_int_t)subject->minor, "access",
				      access_letters(device)));
}

static json_t *record_json(const struct cgfence_cgroup *cgroup,
			   const struct cgfence_denial_record *record)
{
	const struct cgfence_denial_subject *subject = &record->subject;
	char comm[sizeof(record->comm) + 1];
	char first[OUTPUT_TIME_SIZE];
	char last[OUTPUT_TIME_SIZE];
	json_t *object;

	/* A process gives itself whatever bytes it likes. */
	snprintf(comm, sizeof(comm), "%.*s", (int)sizeof(record->comm), record->comm);
	output_time(record->first_ns, first);
	output_time(record->last_ns, last);
	object = json_pack("{s:o, s:s, s:s, s:I, s:o, s:I, s:s, s:s}", "cgroup",
			   output_json_string(cgfence_cgroup_path(cgroup)), "hook",
			   hook_names[subject->hook], "verdict", verdict_names[subject->verdict],
			   "pid", (json_int_t)record->pid, "comm", output_json_string(comm),
			   "count", (json_int_t)record->count, "first", first, "last", last);
	if (object)
		set_subject(object, subject);
	return object;
}

static int add_json(const struct cgfence_cgroup *cgroup, const struct cgfence_fence *fence,
		    void *context, struct cgfence_error *error)
{
	cleanup_free struct cgfence_denial_record *records = NULL;
	size_t count = 0;
	int result = cgfence_fence_read_denials(fence, &records, &count, error);

	for (size_t i = 0; i < count && result == 0; i++)
		result = json_array_append_new(context, record_json(cgroup, &records[i]));
	return result;
}

static void warn_of_evicted(const struct cgfence_cgroup *cgroup, const struct cgfence_fence *fence)
{
	unsigned long long evicted = cgfence_fence_counters(fence)->evicted;

	if (evicted)
		fprintf(stderr,
			"cgfence: in %s, %llu older denial%s made room for newer ones; status counts them all.\n",
			cgfence_cgroup_path(cgroup), evicted, evicted == 1 ? "" : "s");
}

static int add_rows(const struct cgfence_cgroup *cgroup, const struct cgfence_fence *fence,
		    void *context, struct cgfence_error *error)
{
	cleanup_free struct cgfence_denial_record *records = NULL;
	size_t count = 0;
	int result = cgfence_fence_read_denials(fence, &records, &count, error);

	for (size_t i = 0; i < count; i++) {
		const struct cgfence_denial_record *record = &records[i];
		char subject[32];
		char first[OUTPUT_TIME_SIZE];
		char last[OUTPUT_TIME_SIZE];

		format_subject(&record->subject, subject, sizeof(subject));
		output_time(record->first_ns, first);
		output_time(record->last_ns, last);
		table_add_cell(context, "%s", last);
		table_add_cell(context, "%llu", (unsigned long long)record->count);
		table_add_cell(context, "%s", verdict_names[record->subject.verdict]);
		table_add_cell(context, "%s", hook_names[record->subject.hook]);
		table_add_cell(context, "%s", subject);
		table_add_cell(context, "%u", record->pid);
		table_add_cell(context, "%.16s", record->comm);
		table_add_cell(context, "%s", first);
		table_add_cell(context, "%s", cgfence_cgroup_path(cgroup));
	}
	if (result == 0)
		warn_of_evicted(cgroup, fence);
	return result;
}

static int run(const struct arguments *arguments)
{
	static const char *const headings[] = { "LAST", "COUNT", "VERDICT", "HOOK",   "WHAT",
						"PID",	"COMM",	 "FIRST",   "CGROUP", NULL };

	return fences_report(arguments, headings, add_rows, add_json);
}

static const struct command_option options[] = {
	{ 0, "json", NULL, "print one JSON array", offsetof(struct arguments, json) },
	{ 0 },
};

const struct command command_denials = {
	.name = "denials",
	.synopsis = "[CGROUP] [--json]",
	.summary = "show who was refused what",
	.description =
		"The kernel keeps the records, 256 for each fence, so they are there with no daemon running, and\n"
		"reading takes nothing away. PID and COMM are those of the last refusal.",
	.example = "cgfence denials /machine/web",
	.options = options,
	.operands_min = 0,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
