// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Compose files, as Docker on runc takes them (moby oci/devices_linux.go, daemon/pkg/oci). */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/dialects.h"
#include "import/draft.h"
#include "import/json_source.h"
#include "import/ordered.h"
#include "import/runc.h"
#include "import/words.h"
#include "import/yaml_source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PLACE_SIZE 512

/* What Docker gives runc for every container (moby oci/defaults.go); runc adds the rest. */
static const char *const default_rules[] = { "c 1:5 rwm", "c 1:3 rwm", "c 1:9 rwm",
					     "c 1:8 rwm", "c 5:0 rwm", "c 5:1 rwm" };

struct service {
	struct importing *import;
	const char *name;
	const json_t *value;
	struct words devices;
	const char *place; /* of the device that is read */
	uint8_t access;
};

static int choose_service(struct service *service, const json_t *root)
{
	json_t *services = json_object_get(root, "services");
	const char *part = service->import->part;
	const char *name = part;

	if (!part && json_object_size(services) == 1)
		name = json_object_iter_key(json_object_iter(services));
	service->value = name ? json_object_get(services, name) : NULL;
	service->name = name;
	if (json_is_object(service->value))
		return 0;
	if (part)
		return error_set_invalid(service->import->error, "%s: services: there is no '%s'",
					 service->import->sources[0].name, part);
	return error_set_invalid(service->import->error,
				 "%s: services: name one of the services with --part",
				 service->import->sources[0].name);
}

/* ---- devices ---- */

static int visit(const char *path, void *context)
{
	struct service *service = context;

	return words_add_path(service->import, &service->devices, path, service->access,
			      service->place);
}

/* A directory is walked once, and links in it are passed over. */
static int add_device(struct service *service, const char *path)
{
	const struct importing *import = service->import;
	uint32_t major;
	uint32_t minor;

	if (strchr(path, '$') || *path != '/') {
		importing_remark(import, "%s: '%s' is no path of a device; it is left out",
				 service->place, path);
		return 0;
	}
	if (import->host->look(path, &major, &minor) != IMPORT_NODE_DIRECTORY)
		return visit(path, service);
	importing_remark(import,
			 "%s: '%s' is a directory; the policy names the devices that are in it now",
			 service->place, path);
	return import->host->walk(path, visit, service);
}

/* "SOURCE", "SOURCE:TARGET", "SOURCE:TARGET:rwm" or "SOURCE:rwm" */
static int add_device_text(struct service *service, const char *text)
{
	cleanup_free char *copy = strdup(text);
	char *rest = copy;
	char *path = strsep(&rest, ":");
	char *second = rest ? strsep(&rest, ":") : NULL;
	const char *letters = rest ? rest : second;

	if (!copy)
		return error_out_of_memory(service->import->error);
	if (letters && *letters && *letters != '/' &&
	    ordered_parse_access(letters, &service->access))
		return error_set_invalid(service->import->error,
					 "%s: '%s': the access must be of the letters r, w and m",
					 service->place, text);
	return add_device(service, path);
}

static int add_device_object(struct service *service, const json_t *device)
{
	const char *source = json_string_value(json_object_get(device, "source"));
	const char *letters = json_string_value(json_object_get(device, "permissions"));

	if (!source || (letters && ordered_parse_access(letters, &service->access)))
		return error_set_invalid(
			service->import->error,
			"%s: this must have a source, and permissions of r, w and m",
			service->place);
	return add_device(service, source);
}

static int read_devices(struct service *service)
{
	const json_t *device;
	size_t index;
	int result = 0;

	json_array_foreach (json_object_get(service->value, "devices"), index, device) {
		char place[PLACE_SIZE];

		snprintf(place, sizeof(place), "%s: services.%s.devices[%zu]",
			 service->import->sources[0].name, service->name, index);
		service->place = place;
		service->access = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;
		result = json_is_string(device)
				 ? add_device_text(service, json_string_value(device))
				 : add_device_object(service, device);
		if (result)
			break;
	}
	service->place = NULL;
	return result;
}

/* ---- device_cgroup_rules ---- */

static int add_defaults(const struct importing *import, struct list_rules *rules)
{
	struct list_rule rule = { .built_in = true };
	int result = ordered_parse_line("a", &rule);

	if (result == 0)
		result = ordered_add_rule(import, rules, &rule);
	rule.allow = true;
	for (size_t i = 0; i < sizeof(default_rules) / sizeof(default_rules[0]) && result == 0;
	     i++) {
		result = ordered_parse_line(default_rules[i], &rule);
		if (result == 0)
			result = ordered_add_rule(import, rules, &rule);
	}
	return result;
}

static int read_rules(const struct service *service, struct list_rules *rules)
{
	const json_t *element;
	size_t index;
	int result = add_defaults(service->import, rules);

	if (result)
		return result;
	json_array_foreach (json_object_get(service->value, "device_cgroup_rules"), index,
			    element) {
		struct list_rule rule = { .allow = true, .place = index };
		const char *text = json_string_value(element);

		if (!text || ordered_parse_line(text, &rule) || !rule.access)
			return error_set_invalid(
				service->import->error,
				"%s: services.%s.device_cgroup_rules[%zu]: this must be a rule such as 'c 189:* rmw'",
				service->import->sources[0].name, service->name, index);
		result = ordered_add_rule(service->import, rules, &rule);
		if (result)
			return result;
	}
	return 0;
}

/* ---- the service ---- */

static void remark_ports(const struct service *service)
{
	const char *mode = json_string_value(json_object_get(service->value, "network_mode"));
	bool host = mode && strcmp(mode, "host") == 0;

	if (json_array_size(json_object_get(service->value, "ports")) == 0)
		return;
	importing_remark(service->import,
			 "%s: services.%s.ports: %s; the policy has no ports section",
			 service->import->sources[0].name, service->name,
			 host ? "this has no effect with network_mode: host"
			      : "these are bound by the engine, outside of the container");
}

static void remark_keys(const struct service *service)
{
	static const char *const keys[] = { "gpus", "deploy", "extends", "volumes_from" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (json_object_get(service->value, keys[i]))
			importing_remark(
				service->import,
				"%s: services.%s.%s: devices that come by this are left out",
				service->import->sources[0].name, service->name, keys[i]);
	}
}

static int allow_all(const struct service *service)
{
	if (json_object_get(service->value, "devices") ||
	    json_object_get(service->value, "device_cgroup_rules"))
		importing_remark(
			service->import,
			"%s: services.%s: devices have no effect with privileged: true, which allows all",
			service->import->sources[0].name, service->name);
	return draft_add_entry(service->import, "allow", "a *:* rwm");
}

static int finish(struct service *service)
{
	cleanup_list_rules struct list_rules rules = { 0 };
	cleanup_free char *list = NULL;
	int result;

	if (asprintf(&list, "services.%s.device_cgroup_rules", service->name) < 0) {
		list = NULL;
		return error_out_of_memory(service->import->error);
	}
	service->import->list = list;
	result = read_rules(service, &rules);
	if (result == 0)
		result = runc_finish(service->import, NULL, &rules);
	service->import->list = NULL;
	if (result == 0)
		result = read_devices(service);
	return result ? result : words_finish(service->import, &service->devices);
}

int import_read_compose(struct importing *import)
{
	struct service service = { .import = import };
	cleanup_json json_t *documents = NULL;
	int result = yaml_source_read(import, &documents);

	if (result == 0)
		result = choose_service(&service, json_array_get(documents, 0));
	if (result)
		return result;
	remark_ports(&service);
	if (yaml_source_bool(json_object_get(service.value, "privileged")))
		return allow_all(&service);
	remark_keys(&service);
	result = finish(&service);
	words_free(&service.devices);
	return result;
}
