// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads edits of an operator. */
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/edit_parse.h"
#include "policy/written_entry.h"

#include <stdio.h>
#include <string.h>

void cgfence_edit_free(struct cgfence_edit *edit)
{
	if (!edit)
		return;
	device_entries_free(&edit->entries);
	free(edit->text);
	free(edit->written);
	free(edit);
}

const char *cgfence_edit_text(const struct cgfence_edit *edit)
{
	return edit->text;
}

/* Numbers are what is allowed or revoked; where words stand for several, the words say more. */
static char *describe_device(const char *text, const struct device_entries *entries)
{
	char entry_text[DEVICE_ENTRY_TEXT_SIZE];
	char *described;

	if (entries->count == 1)
		device_entry_format(&entries->items[0], entry_text);
	return asprintf(&described, "device %s", entries->count == 1 ? entry_text : text) < 0
		       ? NULL
		       : described;
}

int cgfence_edit_parse_device(enum cgfence_edit_action action, const char *text,
			      struct cgfence_edit **edit, struct cgfence_error *error)
{
	cleanup_edit struct cgfence_edit *made = calloc(1, sizeof(*made));
	int result;

	if (!made)
		return error_out_of_memory(error);
	made->action = action;
	made->topic = CGFENCE_TOPIC_DEVICES;
	result = written_entry_check(text, error);
	if (result == 0)
		result = device_resolve(text, DEVICE_MAY_BE_OPTIONAL, &made->entries, error);
	if (result) {
		error_wrap(error, "'%s'", text);
		return result;
	}
	made->text = describe_device(text, &made->entries);
	/* What is revoked may be an optional entry; what is denied in its place is not optional. */
	made->written = strdup(text + (action == CGFENCE_REVOKE && text[0] == '-'));
	if (!made->text || !made->written)
		return error_out_of_memory(error);
	/* It was read as a part of the entry. */
	device_access_parse(strrchr(text, ' ') + 1, &made->access, NULL);
	*edit = cleanup_steal(made);
	return 0;
}

/* Return: NULL if out of memory. */
static char *describe_ports(enum cgfence_protocol protocol, const struct port_set *ports)
{
	const char *any = port_set_any_word(ports);
	struct port_range range;
	uint32_t cursor = 0;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	fprintf(stream, "port %s", cgfence_protocol_name(protocol));
	if (any) {
		fprintf(stream, " %s", any);
	} else {
		for (const char *separator = " "; port_set_next(ports, &cursor, &range);
		     separator = ",") {
			char range_text[PORT_RANGE_TEXT_SIZE];

			port_range_format(&range, range_text);
			fprintf(stream, "%s%s", separator, range_text);
		}
	}
	if (fclose(stream) == 0)
		return text;
	free(text);
	return NULL;
}

int cgfence_edit_parse_ports(enum cgfence_edit_action action, const char *protocol,
			     const char *text, struct cgfence_edit **edit,
			     struct cgfence_error *error)
{
	cleanup_edit struct cgfence_edit *made = calloc(1, sizeof(*made));
	int result;

	if (!made)
		return error_out_of_memory(error);
	made->action = action;
	made->topic = CGFENCE_TOPIC_PORTS;
	result = port_protocol_parse(protocol, &made->protocol, error);
	if (result == 0)
		result = port_set_parse(text, &made->ports, error);
	if (result)
		return result;
	made->text = describe_ports(made->protocol, &made->ports);
	if (!made->text)
		return error_out_of_memory(error);
	*edit = cleanup_steal(made);
	return 0;
}
