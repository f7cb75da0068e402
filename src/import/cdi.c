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

#include <errno.h>
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

/* What a device node says of itself. */
struct node {
	const char *path; /* on the host */
	const char *type; /* NULL if it does not say */
	json_int_t major; /* 0 if it does not say */
	json_int_t minor;
	uint8_t access;
};

/* Negative numbers would mean any to a runtime, which can make no node of them. Return: 0 or -EINVAL. */
static int read_number(const json_t *node, const char *key, json_int_t *number)
{
	const json_t *value = json_object_get(node, key);

	*number = json_integer_value(value);
	return (!value || json_is_integer(value)) && *number >= 0 ? 0 : -EINVAL;
}

static int read_access(const json_t *node, uint8_t *access)
{
	const char *letters = get_text(node, "permissions");
	const json_t *given = json_object_get(node, "permissions");

	*access = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;
	if (given && !json_is_string(given) && !json_is_null(given))
		return -EINVAL;
	if (!letters)
		return 0;
	if (strcmp(letters, "none") != 0)
		return ordered_parse_access(letters, access);
	*access = 0;
	return 0;
}

static int leave_out(const struct reading *reading, const char *place, const char *path,
		     const char *reason)
{
	importing_remark(reading->import, "%s: '%s' %s; it is left out", place, path, reason);
	return 0;
}

static int add_numbers(struct reading *reading, const struct node *node, const char *type,
		       const char *place)
{
	char numbers[64];

	snprintf(numbers, sizeof(numbers), "%s %lld:%lld", type, (long long)node->major,
		 (long long)node->minor);
	return words_add(reading->import, &reading->devices, numbers, false, node->access, place);
}

/* The node on the host says what is missing; CDI follows no link to it, and refuses one of another type. */
static int add_from_host(struct reading *reading, const struct node *node, const char *place)
{
	const struct import_host *host = reading->import->host;
	uint32_t major;
	uint32_t minor;
	enum import_node found = host->look(node->path, &major, &minor);
	const char *type = found == IMPORT_NODE_BLOCK	    ? "b"
			   : found == IMPORT_NODE_CHARACTER ? "c"
							    : NULL;

	if (host->is_link(node->path))
		return leave_out(reading, place, node->path,
				 "is a symbolic link, which CDI does not follow");
	if (type && node->type && strcmp(type, node->type) != 0)
		return leave_out(reading, place, node->path,
				 "is of another type on this host, which CDI refuses");
	if (!node->major)
		return words_add_path(reading->import, &reading->devices, node->path, node->access,
				      place);
	if (!type)
		return leave_out(reading, place, node->path,
				 "has no type, and is no device on this host that would tell");
	return add_numbers(reading, node, type, place);
}

static int add_node(struct reading *reading, const json_t *json, const char *place)
{
	const struct importing *import = reading->import;
	struct node node = { .path = get_text(json, "hostPath"), .type = get_text(json, "type") };

	if (!node.path)
		node.path = get_text(json, "path");
	if (!node.path || *node.path != '/' || read_access(json, &node.access))
		return error_set_invalid(
			import->error,
			"%s: this must have the path of a device, and permissions of r, w and m, or none",
			place);
	if (node.type && strcmp(node.type, "b") != 0 && strcmp(node.type, "c") != 0) {
		importing_remark(import, "%s: type %s is allowed by nobody; it is left out", place,
				 node.type);
		return 0;
	}
	if (read_number(json, "major", &node.major) || read_number(json, "minor", &node.minor))
		return error_set_invalid(import->error,
					 "%s: major and minor must be numbers, and not negative",
					 place);
	if (!node.access)
		return leave_out(reading, place, node.path, "has the permissions none");
	if (!node.type || !node.major)
		return add_from_host(reading, &node, place);
	return add_numbers(reading, &node, node.type, place);
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
