// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Nomad: an allocation (GET /v1/allocation/ID), or a job or task group of the job specification in JSON. */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/assigned.h"
#include "import/dialects.h"
#include "import/json_source.h"
#include "import/part.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct reading {
	struct importing *import;
	struct assigned *assigned;
	bool has_host; /* a network in the host's namespace */
	bool has_other;
};

/* Ports without a value are not placed yet. */
static int read_ports(const struct reading *reading, const json_t *owner, const char *key,
		      const char *where)
{
	int result = json_source_check_list(reading->import, owner, key, where);
	const json_t *port;
	size_t index;

	json_array_foreach (json_object_get(owner, key), index, port) {
		const char *label = json_string_value(json_object_get(port, "Label"));
		const json_t *given = json_object_get(port, "Value");
		json_int_t value = json_is_integer(given) || json_is_null(given) || !given
					   ? json_integer_value(given)
					   : -1;
		char place[320];

		snprintf(place, sizeof(place), "%s: %s%s[%zu]", reading->import->sources[0].name,
			 where, key, index);
		if (value)
			assigned_add(reading->import, reading->assigned, ASSIGNED_BOTH, value,
				     value, place);
		else
			importing_remark(
				reading->import,
				"%s: the port '%s' is known only when the task is placed (NOMAD_PORT_%s); it is left out",
				place, label ? label : "", label ? label : "");
	}
	return result;
}

/* @placed: the dynamic ports are known from elsewhere */
static int read_networks(struct reading *reading, const json_t *owner, bool placed)
{
	int result = json_source_check_list(reading->import, owner, "Networks", "");
	const json_t *network;
	size_t index;

	json_array_foreach (json_object_get(owner, "Networks"), index, network) {
		const char *mode = json_string_value(json_object_get(network, "Mode"));

		if (result)
			break;
		if (mode && *mode && strcmp(mode, "host") != 0) {
			reading->has_other = true;
			continue;
		}
		reading->has_host = true;
		result = read_ports(reading, network, "ReservedPorts", "");
		if (result == 0 && !placed)
			result = read_ports(reading, network, "DynamicPorts", "");
	}
	return result;
}

static int read_allocated(struct reading *reading, const json_t *allocated)
{
	const json_t *shared = json_object_get(allocated, "Shared");
	int result = read_ports(reading, shared, "Ports", "AllocatedResources.Shared.");
	const json_t *task;
	const char *name;

	json_object_foreach ((json_t *)json_object_get(allocated, "Tasks"), name, task) {
		if (result == 0)
			result = read_networks(reading, task, false);
	}
	return result;
}

static int choose_group(const struct importing *import, const json_t *groups, const json_t **chosen)
{
	const json_t *group;
	size_t index;

	if (json_array_size(groups) == 1 && !import->part) {
		*chosen = json_array_get(groups, 0);
		return 0;
	}
	json_array_foreach (groups, index, group) {
		const char *name = json_string_value(json_object_get(group, "Name"));

		if (import->part && name && strcmp(name, import->part) == 0) {
			*chosen = group;
			return 0;
		}
	}
	return part_refuse(import, "TaskGroups", part_values(groups, "Name"));
}

/* The only group of a file must be the one that is asked for. */
static int check_group(const struct importing *import, const json_t *name)
{
	const char *given = json_string_value(name);

	if (!import->part || (given && strcmp(given, import->part) == 0))
		return 0;
	return part_refuse(import, "TaskGroups", given ? json_pack("[s]", given) : json_array());
}

/* Before Nomad 0.12 tasks had networks of their own, and they still may. */
static int read_tasks(struct reading *reading, const json_t *group)
{
	const json_t *task;
	int result = 0;
	size_t index;

	json_array_foreach (json_object_get(group, "Tasks"), index, task) {
		if (result == 0)
			result = read_networks(reading, json_object_get(task, "Resources"), false);
	}
	return result;
}

static bool is_nomad(const json_t *root)
{
	static const char *const keys[] = { "AllocatedResources", "Networks", "TaskGroups",
					    "Tasks" };
	const json_t *job = json_object_get(root, "Job");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (json_object_get(root, keys[i]) || json_object_get(job, keys[i]))
			return true;
	}
	return false;
}

static int read_root(struct reading *reading, const json_t *root)
{
	const json_t *allocated = json_object_get(root, "AllocatedResources");
	const json_t *shared = json_object_get(allocated, "Shared");
	const json_t *job = json_object_get(root, "Job");
	const json_t *group = root;
	int result = 0;

	if (!is_nomad(root))
		return error_set_invalid(
			reading->import->error,
			"%s: this is no allocation, job or group of Nomad; give what 'nomad alloc status -json' or 'nomad job inspect' prints",
			reading->import->sources[0].name);
	if (!allocated && json_object_get(job ? job : root, "TaskGroups"))
		result = choose_group(reading->import,
				      json_object_get(job ? job : root, "TaskGroups"), &group);
	else
		result = check_group(reading->import,
				     json_object_get(root, allocated ? "TaskGroup" : "Name"));
	if (result)
		return result;
	result = read_networks(reading, group, allocated != NULL);
	if (result == 0)
		result = allocated ? read_networks(
					     reading, shared,
					     json_array_size(json_object_get(shared, "Ports")) > 0)
				   : read_tasks(reading, group);
	if (result)
		return result;
	if (reading->has_other && !reading->has_host) {
		importing_remark(
			reading->import,
			"%s: the group has a network namespace of its own, where any port is its own",
			reading->import->sources[0].name);
		return 0;
	}
	if (allocated)
		result = read_allocated(reading, allocated);
	return result ? result : assigned_finish(reading->import, reading->assigned);
}

/* job "web" { ... */
static bool is_hcl(const struct cgfence_import_source *source)
{
	for (size_t i = 0; i < source->length; i++) {
		if (!isspace((unsigned char)source->text[i]))
			return strchr("{[", source->text[i]) == NULL;
	}
	return false;
}

int import_read_nomad(struct importing *import)
{
	cleanup_free struct assigned *assigned = calloc(1, sizeof(*assigned));
	struct reading reading = { .import = import, .assigned = assigned };
	cleanup_json json_t *root = NULL;
	int result;

	if (!assigned)
		return error_out_of_memory(import->error);
	if (is_hcl(&import->sources[0]))
		return error_set_invalid(
			import->error,
			"%s: this is no JSON; of a job in HCL, 'nomad job run -output' prints it",
			import->sources[0].name);
	result = json_source_read(import, &root);
	return result ? result : read_root(&reading, root);
}
