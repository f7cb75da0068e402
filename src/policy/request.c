// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads requests of an operator. */
#include "base/error.h"
#include "policy/device_resolve.h"
#include "policy/port_set.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_one_device(const struct device_entries *entries)
{
	const struct device_entry *entry = entries->items;

	return entries->count == 1 && !entry->any_major && !entry->any_minor &&
	       entry->block != entry->character;
}

int cgfence_device_request_parse(const char *text, struct cgfence_device_request *request,
				 struct cgfence_error *error)
{
	cleanup_device_entries struct device_entries entries = { 0 };
	const struct device_entry *entry;
	int result;

	if (*text == '-')
		return error_set_invalid(error, "'%s': a request is for one device, without '-'",
					 text);
	result = device_resolve(text, 0, &entries, error);
	if (result == 0 && !is_one_device(&entries))
		result = error_set_invalid(
			error,
			"a request is for one device; give c or b, and numbers instead of '*'");
	if (result) {
		error_wrap(error, "'%s'", text);
		return result;
	}
	entry = &entries.items[0];
	*request = (struct cgfence_device_request){
		.type = entry->block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR,
		.major = entry->major,
		.minor = entry->minor,
		.access = entry->access,
	};
	return 0;
}

void cgfence_device_request_format(const struct cgfence_device_request *request, char *text,
				   size_t size)
{
	char entry_text[DEVICE_ENTRY_TEXT_SIZE];
	struct device_entry entry = {
		.block = request->type == BPF_DEVCG_DEV_BLOCK,
		.character = request->type == BPF_DEVCG_DEV_CHAR,
		.major = request->major,
		.minor = request->minor,
		.access = (uint8_t)request->access,
	};

	device_entry_format(&entry, entry_text);
	snprintf(text, size, "%s", entry_text);
}

int cgfence_port_request_parse(const char *protocol, const char *text,
			       struct cgfence_port_request *request, struct cgfence_error *error)
{
	enum cgfence_protocol parsed;
	struct port_range range;
	int result = port_protocol_parse(protocol, &parsed, error);

	if (result)
		return result;
	result = port_range_parse(text, &range, error);
	if (result == 0 && range.low != range.high)
		result = error_set_invalid(
			error, "a request is for one port; give one instead of a range");
	if (result) {
		error_wrap(error, "'%s'", text);
		return result;
	}
	*request = (struct cgfence_port_request){
		.protocol = parsed,
		.families = { range.families[PORT_IPV4], range.families[PORT_IPV6] },
		.port = range.low,
	};
	return 0;
}
