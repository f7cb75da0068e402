// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Marathon: an app definition (networking and ports of its documentation). */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/assigned.h"
#include "import/dialects.h"
#include "import/json_source.h"

#include <stdio.h>
#include <string.h>

static bool is_on_host(const json_t *app)
{
	const json_t *network = json_array_get(json_object_get(app, "networks"), 0);
	const char *mode = json_string_value(json_object_get(network, "mode"));
	const char *docker = json_string_value(json_object_get(
		json_object_get(json_object_get(app, "container"), "docker"), "network"));

	if (mode)
		return strcmp(mode, "host") == 0;
	return !docker || strcasecmp(docker, "host") == 0;
}

static void add_port(const struct importing *import, struct assigned *assigned, const json_t *port,
		     const char *protocols, const char *place)
{
	json_int_t number = json_integer_value(port);

	if (number)
		assigned_add(import, assigned, assigned_parse_protocols(protocols), number, number,
			     place);
	else
		importing_remark(import,
				 "%s: the port is known only when the task starts; it is left out",
				 place);
}

static void read_ports(const struct importing *import, const json_t *app, struct assigned *assigned)
{
	const json_t *element;
	char place[320];
	size_t index;

	json_array_foreach (json_object_get(app, "portDefinitions"), index, element) {
		const char *protocols = json_string_value(json_object_get(element, "protocol"));

		snprintf(place, sizeof(place), "%s: portDefinitions[%zu]", import->sources[0].name,
			 index);
		add_port(import, assigned, json_object_get(element, "port"),
			 protocols ? protocols : "tcp", place);
	}
	json_array_foreach (json_object_get(app, "ports"), index, element) {
		snprintf(place, sizeof(place), "%s: ports[%zu]", import->sources[0].name, index);
		add_port(import, assigned, element, "tcp", place);
	}
}

int import_read_marathon(struct importing *import)
{
	cleanup_free struct assigned *assigned = calloc(1, sizeof(*assigned));
	cleanup_json json_t *app = NULL;
	int result;

	if (!assigned)
		return error_out_of_memory(import->error);
	result = json_source_read(import, &app);
	if (result)
		return result;
	if (!is_on_host(app)) {
		importing_remark(
			import,
			"%s: networks: the app has a network namespace of its own, where any port is its own",
			import->sources[0].name);
		return 0;
	}
	/* Without requirePorts the numbers are those of the service, and a task gets others. */
	if (json_is_true(json_object_get(app, "requirePorts")))
		read_ports(import, app, assigned);
	else
		importing_remark(
			import,
			"%s: without requirePorts the ports of a task are known only when it starts; the policy has none, and --tcp and --udp of attach add them",
			import->sources[0].name);
	return assigned_finish(import, assigned);
}
