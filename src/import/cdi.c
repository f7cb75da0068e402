// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Specifications of the Container Device Interface (SPEC.md of its project). */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/dialects.h"
#include "import/draft.h"
#include "import/json_source.h"
#include "import/ordered.h"
#include "import/part.h"
#include "import/words.h"
#include "import/yaml_source.h"

#include <stdio.h>
#include <string.h>

struct reading {
	struct importing *import;
	struct words devices;
};

/* An empty text counts as none. */
static const char *get_text(const json_t *node, const char *key)
{
	const char *text = json_string_value(json_object_get(node, key));

	return text && *text ? text : NULL;
}

static bool are_numbers(const json_t *node)
{
	const json_t *major = json_object_get(node, "major");
	const json_t *minor = json_object_get(node, "minor");

	return (!major || json_is_integer(major)) && (!minor || json_is_integer(minor));
}

static bool is_other(const struct importing *import, const char *path, char type)
{
	uint32_t major;
	uint32_t minor;

	return import->host->look(path, &major, &minor) ==
	       (type == 'b' ? IMPORT_NODE_CHARACTER : IMPORT_NODE_BLOCK);
}

/* The numbers if it has them, else the path on the host. */
static int add_node(struct reading *reading, const json_t *node, const char *place)
{
	const struct importing *import = reading->import;
	uint8_t access = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;
	const char *letters = get_text(node, "permissions");
	const char *type = get_text(node, "type");
	const char *path = get_text(node, "hostPath");
	json_int_t major = json_integer_value(json_object_get(node, "major"));
	json_int_t minor = json_integer_value(json_object_get(node, "minor"));
	char numbers[64];

	if (!path)
		path = get_text(node, "path");
	if (!path || *path != '/' || (letters && ordered_parse_access(letters, &access)) || !access)
		return error_set_invalid(
			import->error,
			"%s: this must have the path of a device, and permissions of r, w and m",
			place);
	if (type && strcmp(type, "b") != 0 && strcmp(type, "c") != 0) {
		importing_remark(import, "%s: type %s is allowed by nobody; it is left out", place,
				 type);
		return 0;
	}
	if (!are_numbers(node))
		return error_set_invalid(import->error, "%s: major and minor must be numbers",
					 place);
	if (type && major <= 0 && is_other(import, path, *type)) {
		importing_remark(
			import,
			"%s: '%s' is of another type than %s on this host, which CDI refuses; it is left out",
			place, path, type);
		return 0;
	}
	if (!type || major <= 0)
		return words_add_path(import, &reading->devices, path, access, place);
	snprintf(numbers, sizeof(numbers), "%s %lld:%lld", type, (long long)major,
		 (long long)minor);
	return words_add(import, &reading->devices, numbers, false, access, place);
}

/* @where: "" for the whole specification, or the device */
static int read_edits(struct reading *reading, const json_t *owner, const char *where)
{
	const json_t *edits = json_object_get(owner, "containerEdits");
	const json_t *node;
	char place[512];
	size_t index;
	int result;

	snprintf(place, sizeof(place), "%scontainerEdits.", where);
	result = json_source_check_list(reading->import, edits, "deviceNodes", place);
	json_array_foreach (json_object_get(edits, "deviceNodes"), index, node) {
		if (result)
			return result;
		snprintf(place, sizeof(place), "%s: %scontainerEdits.deviceNodes[%zu]",
			 reading->import->sources[0].name, where, index);
		result = add_node(reading, node, place);
	}
	return result;
}

/* Names may also be whole, as "vendor.com/class=name". */
static json_t *whole_names(const json_t *spec, const json_t *devices)
{
	const char *kind = json_string_value(json_object_get(spec, "kind"));
	json_t *names = part_values(devices, "name");
	size_t count = json_array_size(names);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(names,
				      json_sprintf("%s=%s", kind ? kind : "",
						   json_string_value(json_array_get(names, i))));
	return names;
}

static int check_choice(const struct reading *reading, const json_t *spec, const json_t *devices)
{
	const struct importing *import = reading->import;
	cleanup_json json_t *names = whole_names(spec, devices);
	char unknown[128];

	if (!json_is_array(devices) || json_array_size(devices) == 0)
		return error_set_invalid(
			import->error,
			"%s: devices: a specification has a list of devices, and this has none",
			import->sources[0].name);
	if (!import->part && json_array_size(devices) > 1)
		return part_refuse(import, "devices", part_values(devices, "name"));
	if (part_unknown(import, names, unknown, sizeof(unknown)))
		return error_set_invalid(import->error, "%s: devices: there is no '%s'",
					 import->sources[0].name, unknown);
	return 0;
}

static bool is_chosen(const struct importing *import, const json_t *spec, const json_t *device)
{
	const char *name = json_string_value(json_object_get(device, "name"));
	const char *kind = json_string_value(json_object_get(spec, "kind"));
	cleanup_free char *whole = NULL;

	if (!import->part)
		return true;
	if (asprintf(&whole, "%s=%s", kind ? kind : "", name ? name : "") < 0)
		whole = NULL;
	return part_names(import, name ? name : "") || (whole && part_names(import, whole));
}

static int read_devices(struct reading *reading, const json_t *spec)
{
	const json_t *devices = json_object_get(spec, "devices");
	const json_t *device;
	size_t index;
	int result = check_choice(reading, spec, devices);

	json_array_foreach (devices, index, device) {
		char where[32];

		if (result)
			break;
		if (!is_chosen(reading->import, spec, device))
			continue;
		snprintf(where, sizeof(where), "devices[%zu].", index);
		result = read_edits(reading, device, where);
	}
	return result;
}

int import_read_cdi(struct importing *import)
{
	struct reading reading = { .import = import };
	cleanup_json json_t *documents = NULL;
	int result = yaml_source_read(import, &documents);

	if (result)
		return result;
	result = read_edits(&reading, json_array_get(documents, 0), "");
	if (result == 0)
		result = read_devices(&reading, json_array_get(documents, 0));
	if (result == 0) {
		importing_remark(
			import,
			"%s: a container has these devices beside those that its engine gives it; the policy has these alone",
			import->sources[0].name);
		result = draft_devices(import);
	}
	if (result == 0)
		result = words_finish(import, &reading.devices);
	words_free(&reading.devices);
	return result;
}
