// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Requests as an operator writes them. */
#include "device_rule.h"
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "/dev/fuse rw": the path may hold blanks, the access cannot. */
static int parse_path(const char *text, struct device_entry *entry, struct cgfence_error *error)
{
	const char *blank = strrchr(text, ' ');
	uint8_t access = 0;
	char path[4096];
	int result;

	if (!blank || (size_t)(blank - text) >= sizeof(path))
		return error_set_invalid(
			error, "a path and the access must be given, such as '/dev/fuse rw'");
	result = device_access_parse(blank + 1, &access, error);
	if (result)
		return result;
	snprintf(path, sizeof(path), "%.*s", (int)(blank - text), text);
	return device_path_resolve(path, access, entry, error);
}

int cgfence_device_request_parse(const char *text, struct cgfence_device_request *request,
				 struct cgfence_error *error)
{
	struct device_entry entry = { 0 };
	int result = text[0] == '/' ? parse_path(text, &entry, error)
				    : device_entry_parse(text, &entry, error);

	if (result == 0 && (entry.any_major || entry.any_minor || entry.block == entry.character))
		result = error_set_invalid(
			error,
			"a request is for one device; give c or b, and numbers instead of '*'");
	if (result) {
		error_wrap(error, "'%s'", text);
		return result;
	}
	*request = (struct cgfence_device_request){
		.type = entry.block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR,
		.major = entry.major,
		.minor = entry.minor,
		.access = entry.access,
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
