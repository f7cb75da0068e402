// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/violation.h"
#include "report/output.h"

#include <stdio.h>
#include <string.h>

void violation_format_socket(const struct cgfence_violation *violation,
			     char text[VIOLATION_SOCKET_SIZE])
{
	const char *format = violation->family == CGFENCE_IPV6 ? "%s [%s]:%u" : "%s %s:%u";

	snprintf(text, VIOLATION_SOCKET_SIZE, format, cgfence_protocol_name(violation->protocol),
		 violation->address, violation->port);
}

/* "9,8080-8081" as an array. */
static json_t *excess_json(const char *excess)
{
	json_t *list = json_array();

	while (*excess) {
		size_t length = strcspn(excess, ",");

		json_array_append_new(list, json_stringn(excess, length));
		excess += length;
		excess += *excess == ',';
	}
	return list;
}

/* A cgroup that is gone has no path, and one that no mount shows has "id:N" in its place. */
static json_t *path_json(const char *path)
{
	return path && path[0] == '/' ? output_json_string(path) : json_null();
}

void violation_format_rest(const struct cgfence_violation *violation,
			   char text[VIOLATION_REST_SIZE])
{
	size_t length = 0;

	text[0] = '\0';
	for (int i = 0; i < CGFENCE_ACTION_COUNT; i++) {
		if (violation->rest_actions[i])
			length += (size_t)snprintf(text + length, VIOLATION_REST_SIZE - length,
						   "%s%zu %s", length ? ", " : "",
						   violation->rest_actions[i],
						   cgfence_action_name((enum cgfence_action)i));
	}
}

static json_t *rest_json(const struct cgfence_violation *violation)
{
	json_t *actions = json_object();
	char time[OUTPUT_TIME_SIZE];

	for (int i = 0; i < CGFENCE_ACTION_COUNT; i++) {
		if (violation->rest_actions[i])
			json_object_set_new(actions, cgfence_action_name((enum cgfence_action)i),
					    json_integer((json_int_t)violation->rest_actions[i]));
	}
	output_time(violation->time_ns, time);
	return json_pack("{s:s, s:s, s:o, s:I, s:o}", "event",
			 violation->ended ? "violations_ended" : "violations", "time", time,
			 "cgroup", path_json(violation->cgroup), "count",
			 (json_int_t)violation->rest, "actions", actions);
}

json_t *violation_json(const struct cgfence_violation *violation)
{
	char time[OUTPUT_TIME_SIZE];
	json_t *object;

	if (violation->rest)
		return rest_json(violation);
	output_time(violation->time_ns, time);
	object = json_pack(
		"{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:I, s:I, s:o, s:s, s:s}",
		"event", violation->ended ? "ended" : "violation", "time", time, "cgroup",
		path_json(violation->cgroup), "member", path_json(violation->member), "pid",
		violation->pid ? json_integer(violation->pid) : json_null(), "comm",
		output_json_string(violation->comm), "cmdline",
		output_json_string(violation->cmdline), "protocol",
		cgfence_protocol_name(violation->protocol), "family",
		cgfence_family_name(violation->family), "address", violation->address, "port",
		(json_int_t)violation->port, "inode", (json_int_t)violation->inode, "excess",
		excess_json(violation->excess), "reason", violation->reason, "action",
		cgfence_action_name(violation->action));
	if (object && violation->excess_left_out)
		json_object_set_new(object, "excess_left_out",
				    json_integer((json_int_t)violation->excess_left_out));
	if (object && *violation->failure)
		json_object_set_new(object, "failure", output_json_string(violation->failure));
	return object;
}
