// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pods of Kubernetes with hostNetwork, whose ports are those of the host. */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/assigned.h"
#include "import/dialects.h"
#include "import/json_source.h"
#include "import/part.h"
#include "import/yaml_source.h"

#include <stdio.h>
#include <string.h>

struct reading {
	const struct importing *import;
	struct assigned *assigned;
};

/* The specification of a pod, also within that of a workload; NULL if there is none. */
static const json_t *find_pod(const json_t *document)
{
	const json_t *spec = json_object_get(document, "spec");
	const json_t *job = json_object_get(json_object_get(spec, "jobTemplate"), "spec");
	const json_t *owner = job ? job : spec ? spec : document; /* a PodTemplate has no spec */
	const json_t *pod = json_object_get(json_object_get(owner, "template"), "spec");

	if (!pod)
		pod = spec;
	return json_object_get(pod, "containers") ? pod : NULL;
}

/* `kubectl get -o yaml` prints one object with a list of objects. */
static void add_objects(json_t *objects, json_t *document)
{
	json_t *items = json_object_get(document, "items");

	if (json_is_array(items))
		json_array_extend(objects, items);
	else
		json_array_append(objects, document);
}

static int choose_pod(const struct importing *import, const json_t *objects, const json_t **chosen)
{
	json_t *names = json_array();
	const json_t *object;
	size_t found = 0;
	size_t index;

	json_array_foreach (objects, index, object) {
		const char *name = json_string_value(
			json_object_get(json_object_get(object, "metadata"), "name"));
		const json_t *pod = find_pod(object);

		if (!pod)
			continue;
		json_array_append_new(names, json_string(name ? name : "-"));
		if (import->part && (!name || strcmp(name, import->part) != 0))
			continue;
		*chosen = pod;
		found++;
	}
	if (found == 1) {
		json_decref(names);
		return 0;
	}
	if (import->part && found) {
		json_decref(names);
		return error_set_invalid(
			import->error,
			"%s: pods: several are called '%s'; give a file with one of them",
			import->sources[0].name, import->part);
	}
	return part_refuse(import, "pods", names);
}

static void read_port(const struct reading *reading, const json_t *port, const char *place)
{
	const char *protocol = json_string_value(json_object_get(port, "protocol"));
	json_int_t number = json_integer_value(json_object_get(port, "containerPort"));

	if (json_object_get(port, "hostIP"))
		importing_remark(
			reading->import,
			"%s.hostIP: a policy knows no addresses; the port is assigned on all of them",
			place);
	if (protocol && !assigned_parse_protocols(protocol))
		importing_remark(reading->import, "%s: a policy has no ports of %s; it is left out",
				 place, protocol);
	else
		assigned_add(reading->import, reading->assigned,
			     assigned_parse_protocols(protocol ? protocol : "TCP"), number, number,
			     place);
}

static int read_containers(const struct reading *reading, const json_t *pod, const char *key)
{
	const json_t *container;
	const json_t *port;
	char place[512];
	int result = json_source_check_list(reading->import, pod, key, "");
	size_t i;
	size_t j;

	json_array_foreach (json_object_get(pod, key), i, container) {
		if (result)
			return result;
		snprintf(place, sizeof(place), "%s[%zu].", key, i);
		result = json_source_check_list(reading->import, container, "ports", place);
		json_array_foreach (json_object_get(container, "ports"), j, port) {
			snprintf(place, sizeof(place), "%s: %s[%zu].ports[%zu]",
				 reading->import->sources[0].name, key, i, j);
			read_port(reading, port, place);
		}
	}
	return result;
}

static int read_pod(struct importing *import, const json_t *pod)
{
	cleanup_free struct assigned *assigned = calloc(1, sizeof(*assigned));
	const struct reading reading = { .import = import, .assigned = assigned };
	int result;

	if (!assigned)
		return error_out_of_memory(import->error);
	if (!yaml_source_bool(json_object_get(pod, "hostNetwork"))) {
		importing_remark(
			import,
			"%s: without hostNetwork the pod has a network namespace of its own, where any port is its own",
			import->sources[0].name);
		return 0;
	}
	result = read_containers(&reading, pod, "containers");
	if (result == 0)
		result = read_containers(&reading, pod, "initContainers");
	if (result)
		return result;
	importing_remark(
		import,
		"%s: Kubernetes does not close what its list of ports leaves out; the policy does, for all containers of the pod",
		import->sources[0].name);
	return assigned_finish(import, assigned);
}

int import_read_k8s(struct importing *import)
{
	cleanup_json json_t *documents = NULL;
	cleanup_json json_t *objects = json_array();
	const json_t *pod = NULL;
	int result = yaml_source_read(import, &documents);
	json_t *document;
	size_t index;

	json_array_foreach (documents, index, document)
		add_objects(objects, document);
	if (result == 0)
		result = choose_pod(import, objects, &pod);
	return result ? result : read_pod(import, pod);
}
