// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Marathon: an app definition (networking and ports of its documentation). */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/assigned.h"
#include "import/dialects.h"
#include "import/json_source.h"
#include "import/part.h"

#include <stdio.h>
#include <string.h>

/* A network without a mode is one of containers (network.raml); an app without networks is on that of the host. */
static bool is_on_host(const json_t *app)
{
	const json_t *network = json_array_get(json_object_get(app, "networks"), 0);
	const char *mode = json_string_value(json_object_get(network, "mode"));
	const char *docker = json_string_value(json_object_get(
		json_object_get(json_object_get(app, "container"), "docker"), "network"));

	if (network)
		return mode && strcmp(mode, "host") == 0;
	if (json_is_object(json_object_get(app, "ipAddress")))
		return false;
	return !docker || strcasecmp(docker, "host") == 0;
}

/* Other values than text name no protocol. */
static const char *protocols_of(const json_t *value)
{
	if (!value || json_is_null(value))
		return "tcp";
	return json_is_string(value) ? json_string_value(value) : "";
}

static void add_port(const struct importing *import, struct assigned *assigned, const json_t *port,
		     const char *protocols, const char *place)
{
	json_int_t number = !port || json_is_integer(port) ? json_integer_value(port) : -1;

	if (!assigned_parse_protocols(protocols))
		importing_remark(import, "%s: a policy has no ports of '%s'; it is left out", place,
				 protocols);
	else if (number)
		assigned_add(import, assigned, assigned_parse_protocols(protocols), number, number,
			     place);
	else
		importing_remark(import,
				 "%s: the port is known only when the task starts; it is left out",
				 place);
}

/* Before 1.5 Marathon tells the same ports twice, and their protocols in the definitions alone, which win. */
static int read_ports(const struct importing *import, const json_t *app, struct assigned *assigned)
{
	const json_t *definitions = json_object_get(app, "portDefinitions");
	int result = json_source_check_list(import, app, "portDefinitions", "");
	const json_t *element;
	char place[320];
	size_t index;

	if (result == 0)
		result = json_source_check_list(import, app, "ports", "");

	json_array_foreach (definitions, index, element) {
		snprintf(place, sizeof(place), "%s: portDefinitions[%zu]", import->sources[0].name,
			 index);
		add_port(import, assigned, json_object_get(element, "port"),
			 protocols_of(json_object_get(element, "protocol")), place);
	}
	if (json_is_array(definitions))
		return result;
	json_array_foreach (json_object_get(app, "ports"), index, element) {
		snprintf(place, sizeof(place), "%s: ports[%zu]", import->sources[0].name, index);
		add_port(import, assigned, element, "tcp", place);
	}
	return result;
}

/* Those that a task has got, in the order of the definitions, as the interface gives a running app. */
static void read_task(const struct importing *import, const json_t *app, const json_t *task,
		      struct assigned *assigned)
{
	const json_t *definitions = json_object_get(app, "portDefinitions");
	const json_t *port;
	size_t index;

	json_array_foreach (json_object_get(task, "ports"), index, port) {
		const json_t *definition = json_array_get(definitions, index);
		char place[320];

		snprintf(place, sizeof(place), "%s: tasks[0].ports[%zu]", import->sources[0].name,
			 index);
		add_port(import, assigned, port,
			 protocols_of(json_object_get(definition, "protocol")), place);
	}
}

/* The endpoints of a pod, whose ports of the host are taken as they are. */
static void read_pod(const struct importing *import, const json_t *pod, struct assigned *assigned)
{
	const json_t *container;
	const json_t *endpoint;
	const json_t *protocol;
	size_t i;
	size_t j;
	size_t k;

	json_array_foreach (json_object_get(pod, "containers"), i, container) {
		json_array_foreach (json_object_get(container, "endpoints"), j, endpoint) {
			const json_t *protocols = json_object_get(endpoint, "protocol");
			char place[320];

			snprintf(place, sizeof(place), "%s: containers[%zu].endpoints[%zu]",
				 import->sources[0].name, i, j);
			/* A list of none is as good as no list. */
			if (json_array_size(protocols) == 0)
				add_port(import, assigned, json_object_get(endpoint, "hostPort"),
					 protocols_of(json_is_array(protocols) ? NULL : protocols),
					 place);
			json_array_foreach (protocols, k, protocol)
				add_port(import, assigned, json_object_get(endpoint, "hostPort"),
					 protocols_of(protocol), place);
		}
	}
}

static bool is_app(const json_t *app)
{
	static const char *const keys[] = { "id",	"ports",     "portDefinitions",
					    "networks", "container", "containers" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (json_object_get(app, keys[i]))
			return true;
	}
	return false;
}

/* ---- the app among others ---- */

#define GROUP_DEPTH_MAX 32

/* An app, with its whole path as its id; in a group written by hand the id may be what stands behind the group's. */
static json_t *copy_app(const json_t *app, const char *group)
{
	const char *id = json_string_value(json_object_get(app, "id"));
	json_t *copy = json_copy((json_t *)app);

	if (copy && id && *id != '/' && *group)
		json_object_set_new(copy, "id",
				    json_sprintf("%s%s%s", group,
						 group[strlen(group) - 1] == '/' ? "" : "/", id));
	return copy;
}

/* The apps and pods of a group, and of the groups in it. */
static void collect(const json_t *group, const char *path, unsigned int depth, json_t *apps)
{
	static const char *const keys[] = { "apps", "pods" };
	const json_t *element;
	size_t index;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_array_foreach (json_object_get(group, keys[i]), index, element)
			json_array_append_new(apps, copy_app(element, path));
	}
	json_array_foreach (json_object_get(group, "groups"), index, element) {
		json_t *named = copy_app(element, path);
		const char *id = json_string_value(json_object_get(named, "id"));

		if (depth < GROUP_DEPTH_MAX)
			collect(named, id ? id : path, depth + 1, apps);
		json_decref(named);
	}
}

static bool is_group(const json_t *root)
{
	return json_is_array(json_object_get(root, "apps")) ||
	       json_is_array(json_object_get(root, "pods")) ||
	       json_is_array(json_object_get(root, "groups"));
}

/* Return: a new reference; NULL if --part does not name one, and there is not just one either. */
static json_t *choose_by_id(const struct importing *import, const json_t *apps)
{
	const json_t *app;
	size_t index;

	if (!import->part)
		return json_array_size(apps) == 1 ? json_incref(json_array_get(apps, 0)) : NULL;
	json_array_foreach (apps, index, app) {
		const char *id = json_string_value(json_object_get(app, "id"));

		if (id && strcmp(id, import->part) == 0)
			return json_incref((json_t *)app);
	}
	return NULL;
}

static int choose_in_group(const struct importing *import, const json_t *root, json_t **chosen)
{
	const char *path = json_string_value(json_object_get(root, "id"));
	cleanup_json json_t *apps = json_array();

	collect(root, path ? path : "", 0, apps);
	*chosen = choose_by_id(import, apps);
	return *chosen ? 0 : part_refuse(import, "apps", part_values(apps, "id"));
}

/* The only app of a file must be the one that is asked for. A slash before its id may be left out. */
static int check_id(const struct importing *import, const json_t *app)
{
	const char *id = json_string_value(json_object_get(app, "id"));
	const char *part = import->part;

	if (!part || (id && strcmp(id + (*id == '/'), part + (*part == '/')) == 0))
		return 0;
	return part_refuse(import, "apps", id ? json_pack("[s]", id) : json_array());
}

/*
 * As the HTTP interface gives it: the app, {"app": ...}, {"apps": [...]}, or a group, which has apps, pods and groups.
 * @chosen: receives a reference
 */
static int choose_app(const struct importing *import, const json_t *root, json_t **chosen)
{
	json_t *app = json_object_get(root, "app");
	int result = 0;

	if (is_group(root))
		result = choose_in_group(import, root, chosen);
	else
		*chosen = json_incref(json_is_object(app) ? app : (json_t *)root);
	if (result)
		return result;
	if (is_app(*chosen))
		return check_id(import, *chosen);
	return error_set_invalid(import->error, "%s: this is no app or pod of Marathon",
				 import->sources[0].name);
}

int import_read_marathon(struct importing *import)
{
	cleanup_free struct assigned *assigned = calloc(1, sizeof(*assigned));
	cleanup_json json_t *root = NULL;
	cleanup_json json_t *app = NULL;
	const json_t *tasks;
	int result;

	if (!assigned)
		return error_out_of_memory(import->error);
	result = json_source_read(import, &root);
	if (result == 0)
		result = choose_app(import, root, &app);
	if (result)
		return result;
	if (!is_on_host(app)) {
		importing_remark(
			import,
			"%s: networks: the app has a network namespace of its own, where any port is its own",
			import->sources[0].name);
		return 0;
	}
	tasks = json_object_get(app, "tasks");
	/* Without requirePorts the numbers are those of the service, and a task gets others. */
	if (json_is_array(json_object_get(app, "containers")))
		read_pod(import, app, assigned);
	else if (json_array_size(tasks) == 1)
		read_task(import, app, json_array_get(tasks, 0), assigned);
	else if (json_is_true(json_object_get(app, "requirePorts")))
		result = read_ports(import, app, assigned);
	else
		importing_remark(
			import,
			"%s: without requirePorts the ports of a task are known only when it starts; the policy has none, and --tcp and --udp of attach add them",
			import->sources[0].name);
	return result ? result : assigned_finish(import, assigned);
}
