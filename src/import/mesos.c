// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Mesos: {"resources": of the agent, "task": resources of the task, "allowed_devices": what the agent's flag of that name
 * has}. Resources are text (attributes-and-resources) or the list that the agent's HTTP interface gives.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/assigned.h"
#include "import/dialects.h"
#include "import/draft.h"
#include "import/json_source.h"
#include "import/words.h"
#include "policy/write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct reading {
	struct importing *import;
	const char *key;
	struct assigned *found;
	bool is_complete; /* each range counts */
	bool has_ports;
};

static int refuse(const struct reading *reading, const char *right)
{
	return error_set_invalid(reading->import->error, "%s: %s: %s",
				 reading->import->sources[0].name, reading->key, right);
}

/* What the range of the agent leaves out is not judged at all, so that no part of it may be left out. */
static int add_range(struct reading *reading, json_int_t low, json_int_t high)
{
	char place[320];

	if (reading->is_complete && !assigned_is_range(low, high))
		return error_set_invalid(
			reading->import->error,
			"%s: %s: %" JSON_INTEGER_FORMAT "-%" JSON_INTEGER_FORMAT
			" is no range of ports; give a low and a high one from 1 to 65535",
			reading->import->sources[0].name, reading->key, low, high);
	snprintf(place, sizeof(place), "%s: %s", reading->import->sources[0].name, reading->key);
	assigned_add(reading->import, reading->found, ASSIGNED_BOTH, low, high, place);
	return 0;
}

/* "[31000-32000,7000-7001]" */
static int read_ranges(struct reading *reading, const char *text)
{
	int result;

	text += strspn(text, " ");
	if (*text++ != '[')
		return refuse(reading, "ports are ranges in brackets, such as ports:[31000-32000]");
	while (*text && *text != ']') {
		unsigned int low = 0;
		unsigned int high = 0;
		int used = 0;

		/* Of more digits than a port has, some are left, and are no range. */
		if (sscanf(text, " %5u - %5u%n", &low, &high, &used) != 2 || !used ||
		    !strchr(",] ", text[used]))
			return refuse(reading,
				      "ports are ranges in brackets, such as ports:[31000-32000]");
		result = add_range(reading, low, high);
		if (result)
			return result;
		text += used;
		text += strspn(text, ", ");
	}
	if (!*text)
		return refuse(reading, "ports are ranges in brackets, and ']' is missing");
	reading->has_ports = true;
	return 0;
}

/* "cpus:2;ports(role):[31000-32000]" */
static int read_text(struct reading *reading, const char *text)
{
	cleanup_free char *copy = strdup(text);
	char *rest = copy;
	char *item;
	int result = 0;

	if (!copy)
		return error_out_of_memory(reading->import->error);
	while (result == 0 && (item = strsep(&rest, ";"))) {
		char *colon = strchr(item, ':');

		item += strspn(item, " ");
		if (!colon || strncmp(item, "ports", 5) != 0 || !strchr(":( ", item[5]))
			continue;
		result = read_ranges(reading, colon + 1);
	}
	return result;
}

static int read_list_ranges(struct reading *reading, const json_t *list)
{
	const json_t *range;
	size_t index;
	int result = 0;

	if (!json_is_array(list))
		return refuse(reading, "the ports must have ranges, with a list called range");
	reading->has_ports = true;
	json_array_foreach (list, index, range) {
		result = add_range(reading, json_integer_value(json_object_get(range, "begin")),
				   json_integer_value(json_object_get(range, "end")));
		if (result)
			break;
	}
	return result;
}

static int read_list(struct reading *reading, const json_t *list)
{
	const json_t *resource;
	size_t index;
	int result = 0;

	json_array_foreach (list, index, resource) {
		const char *name = json_string_value(json_object_get(resource, "name"));

		if (!name || strcmp(name, "ports") != 0)
			continue;
		result = read_list_ranges(
			reading, json_object_get(json_object_get(resource, "ranges"), "range"));
		if (result)
			break;
	}
	return result;
}

/* The agent's flag may also be a list in JSON. */
static int read_json_text(struct reading *reading, const char *text)
{
	cleanup_json json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	return list ? read_list(reading, list)
		    : refuse(reading, "this begins like a list in JSON, and is none");
}

/* As the agent's flags may, which read it then (flags::fetch() of stout). */
static bool names_file(const char *text)
{
	return *text == '/' || strncmp(text, "file://", 7) == 0;
}

static int read_resources(struct reading *reading, const json_t *root)
{
	const json_t *value = json_object_get(root, reading->key);

	if (!value)
		return 0;
	if (json_is_string(value) && names_file(json_string_value(value)))
		return refuse(reading, "this names a file, which is not read; give what it has");
	if (json_is_string(value) && *json_string_value(value) == '[')
		return read_json_text(reading, json_string_value(value));
	if (json_is_string(value))
		return read_text(reading, json_string_value(value));
	return json_is_array(value) ? read_list(reading, value)
				    : refuse(reading, "resources are a text or a list");
}

static int read_ports(struct importing *import, const json_t *root)
{
	cleanup_free struct assigned *sets = calloc(2, sizeof(*sets));
	struct reading agent = {
		.import = import, .key = "resources", .found = sets, .is_complete = true
	};
	struct reading task = { .import = import, .key = "task", .found = sets ? sets + 1 : NULL };
	int result;

	if (!sets)
		return error_out_of_memory(import->error);
	result = read_resources(&agent, root);
	if (result == 0)
		result = read_resources(&task, root);
	if (result || (!agent.has_ports && !json_object_get(root, "task")))
		return result;
	if (!task.has_ports)
		importing_remark(
			import,
			"%s: no ports are assigned to a task; the policy has none, and --tcp and --udp of attach add some",
			import->sources[0].name);
	result = assigned_finish(import, task.found);
	if (result || !agent.has_ports)
		return result;
	return draft_set(import, "isolated_range",
			 policy_write_port_set(&agent.found->ports[CGFENCE_TCP]));
}

static bool is_access(const json_t *access)
{
	const json_t *value;
	const char *key;

	json_object_foreach ((json_t *)access, key, value) {
		if (!json_is_boolean(value))
			return false;
	}
	return true;
}

static uint8_t read_access(const json_t *access)
{
	return (uint8_t)((json_is_true(json_object_get(access, "read")) ? BPF_DEVCG_ACC_READ : 0) |
			 (json_is_true(json_object_get(access, "write")) ? BPF_DEVCG_ACC_WRITE
									 : 0) |
			 (json_is_true(json_object_get(access, "mknod")) ? BPF_DEVCG_ACC_MKNOD
									 : 0));
}

static int read_devices(struct importing *import, const json_t *root)
{
	const json_t *list = json_object_get(root, "allowed_devices");
	/* Rules that are written to devices.allow add up. */
	cleanup_words struct words words = { .add_up = true };
	const json_t *entry;
	size_t index;
	int result;

	if (!list)
		return 0;
	if (json_is_object(list))
		list = json_object_get(list, "allowed_devices");
	if (!json_is_array(list))
		return error_set_invalid(import->error, "%s: allowed_devices: this must be a list",
					 import->sources[0].name);
	json_array_foreach (list, index, entry) {
		const char *path = json_string_value(
			json_object_get(json_object_get(entry, "device"), "path"));
		uint8_t access = read_access(json_object_get(entry, "access"));
		char place[320];

		snprintf(place, sizeof(place), "%s: allowed_devices[%zu]", import->sources[0].name,
			 index);
		if (!is_access(json_object_get(entry, "access")))
			return error_set_invalid(
				import->error,
				"%s.access: read, write and mknod must be true or false", place);
		if (!path || *path != '/' || !access)
			return error_set_invalid(
				import->error,
				"%s: this must have the path of a device and an access", place);
		result = words_add_path(import, &words, path, access, place);
		if (result)
			return result;
	}
	result = draft_set_base(import, "mesos");
	return result ? result : words_finish(import, &words);
}

/* The object is made by hand, and a key that is written wrong would take a restriction away. */
static void remark_keys(const struct importing *import, const json_t *root)
{
	static const char *const keys[] = { "resources", "task", "allowed_devices" };
	const json_t *value;
	const char *key;

	json_object_foreach ((json_t *)root, key, value) {
		bool known = false;

		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			known = known || strcmp(key, keys[i]) == 0;
		if (!known)
			importing_remark(
				import,
				"%s: %s: it is none of resources, task and allowed_devices; it is left out",
				import->sources[0].name, key);
	}
}

int import_read_mesos(struct importing *import)
{
	cleanup_json json_t *root = NULL;
	int result = json_source_read(import, &root);

	if (result == 0)
		remark_keys(import, root);
	if (result == 0)
		result = read_devices(import, root);
	return result ? result : read_ports(import, root);
}
