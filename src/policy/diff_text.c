// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The difference between two policies, in lines for people. */
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/diff.h"

#include <stdio.h>
#include <string.h>

struct writer {
	FILE *stream;
	const char *heading; /* of the section; NULL once it is written */
	const char *note;    /* after the heading */
};

static void begin_section(struct writer *writer, const struct policy_diff *diff,
			  enum policy_section section)
{
	static const char *const headings[] = { "policy", "devices", "ports" };
	const struct policy_presence *fenced = &diff->sections[section];

	writer->heading = headings[section];
	writer->note = "";
	if (section != POLICY_SECTION_NONE && fenced->before != fenced->after)
		writer->note = fenced->after ? ", not fenced before" : ", no longer fenced";
}

static void write_line(struct writer *writer, char sign, const char *key, const char *value)
{
	if (writer->heading)
		fprintf(writer->stream, "%s%s:\n", writer->heading, writer->note);
	writer->heading = NULL;
	fprintf(writer->stream, "%c %s %s\n", sign, key, value);
}

/* Words lose their quotation marks. A name can be any text; it keeps them, and JSON escapes its control characters. */
static void write_value(struct writer *writer, char sign, const char *key, const json_t *value)
{
	cleanup_free char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

	if (json_is_null(value))
		return;
	if (json_is_string(value) && strcmp(key, "name") != 0)
		write_line(writer, sign, key, json_string_value(value));
	else
		write_line(writer, sign, key, text ? text : "?");
}

static void write_values(struct writer *writer, const struct policy_diff *diff,
			 enum policy_section section)
{
	for (size_t i = 0; i < diff->value_count; i++) {
		const struct policy_diff_value *value = &diff->values[i];

		if (value->section != section)
			continue;
		write_value(writer, '-', value->key, value->before);
		write_value(writer, '+', value->key, value->after);
	}
}

static void write_entries(struct writer *writer, char sign, bool deny,
			  const struct device_rules *rules)
{
	struct device_entry entry;
	size_t cursor = 0;

	while (device_rules_next(rules, deny, &cursor, &entry)) {
		char text[DEVICE_ENTRY_TEXT_SIZE];

		device_entry_format(&entry, text);
		write_line(writer, sign, deny ? "deny" : "allow", text);
	}
}

static void write_set(struct writer *writer, char sign, const char *key, const struct port_set *set)
{
	char text[PORT_RANGE_TEXT_SIZE];
	struct port_range range;
	uint32_t cursor = 0;

	if (port_set_is_any(set)) {
		write_line(writer, sign, key, "any");
		return;
	}
	while (port_set_next(set, &cursor, &range)) {
		port_range_format(&range, text);
		write_line(writer, sign, key, text);
	}
}

/* An empty range isolates no port; a missing range isolates all ports. */
static void write_isolated_range(struct writer *writer, const struct policy_diff *diff)
{
	const struct policy_presence *given = &diff->isolated_range_given;
	const char *key = "isolated_range";

	write_set(writer, '-', key, &diff->isolated_range.removed);
	if (given->before && !given->after && port_set_is_empty(&diff->isolated_range.removed))
		write_line(writer, '-', key, "none");
	write_set(writer, '+', key, &diff->isolated_range.added);
	if (!given->before && given->after && port_set_is_empty(&diff->isolated_range.added))
		write_line(writer, '+', key, "none");
}

static void write_diff(struct writer *writer, const struct policy_diff *diff)
{
	begin_section(writer, diff, POLICY_SECTION_NONE);
	write_values(writer, diff, POLICY_SECTION_NONE);
	begin_section(writer, diff, POLICY_SECTION_DEVICES);
	write_values(writer, diff, POLICY_SECTION_DEVICES);
	for (int deny = 0; deny < 2; deny++) {
		write_entries(writer, '-', deny, &diff->devices.removed);
		write_entries(writer, '+', deny, &diff->devices.added);
	}
	begin_section(writer, diff, POLICY_SECTION_PORTS);
	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++) {
		const char *key = cgfence_protocol_name((enum cgfence_protocol)i);

		write_set(writer, '-', key, &diff->ports[i].removed);
		write_set(writer, '+', key, &diff->ports[i].added);
	}
	write_isolated_range(writer, diff);
	write_values(writer, diff, POLICY_SECTION_PORTS);
}

int cgfence_policy_diff(const struct cgfence_policy *before, const struct cgfence_policy *after,
			char **text, struct cgfence_error *error)
{
	cleanup_policy_diff struct policy_diff *diff = NULL;
	struct writer writer = { 0 };
	char *written = NULL;
	size_t size = 0;
	int result = policy_diff_make(before, after, &diff, error);

	if (result)
		return result;
	writer.stream = open_memstream(&written, &size);
	if (!writer.stream)
		return error_out_of_memory(error);
	write_diff(&writer, diff);
	if (fclose(writer.stream)) {
		free(written);
		return error_out_of_memory(error);
	}
	*text = written;
	return 0;
}
