// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Compose files, as Docker on runc takes them (moby oci/devices_linux.go, daemon/pkg/oci). */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/dialects.h"
#include "import/draft.h"
#include "import/json_source.h"
#include "import/ordered.h"
#include "import/part.h"
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
	if (service->value)
		return error_set_invalid(service->import->error,
					 "%s: services.%s: this must be a mapping",
					 service->import->sources[0].name, name);
	return part_refuse(service->import, "services", part_keys(services));
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
	int result;

	if (*path != '/') {
		importing_remark(import, "%s: '%s' is no path of a device; it is left out",
				 service->place, path);
		return 0;
	}
	if (import->host->look(path, &major, &minor) != IMPORT_NODE_DIRECTORY)
		return visit(path, service);
	importing_remark(import,
			 "%s: '%s' is a directory; the policy names the devices that are in it now",
			 service->place, path);
	result = import->host->walk(path, visit, service);
	if (result == -E2BIG)
		return error_set_invalid(
			import->error,
			"%s: '%s' has more files than a directory of devices; name the devices",
			service->place, path);
	return result;
}

/* "SOURCE", "SOURCE:TARGET" or "SOURCE:TARGET:rwm"; unlike that of docker run, a second field is never an access. */
struct mapping {
	char *source;
	const char *target;
	const char *letters; /* NULL for all */
};

/* @text is changed. */
static void split_mapping(char *text, struct mapping *mapping)
{
	char *second;

	mapping->source = strsep(&text, ":");
	second = text ? strsep(&text, ":") : NULL;
	mapping->target = second && *second ? second : mapping->source;
	mapping->letters = text;
}

/* Return: has a text a variable, which makes what it stands for unknown here? */
static bool has_variable(const struct importing *import, const char *place, const char *text)
{
	if (!strchr(text, '$'))
		return false;
	importing_remark(import, "%s: '%s' has a variable, which is not known here; it is left out",
			 place, text);
	return true;
}

static int add_device_text(struct service *service, const char *text)
{
	cleanup_free char *copy = strdup(text);
	struct mapping mapping = { 0 };

	if (!copy)
		return error_out_of_memory(service->import->error);
	if (has_variable(service->import, service->place, text))
		return 0;
	split_mapping(copy, &mapping);
	if (mapping.letters &&
	    (ordered_parse_access(mapping.letters, &service->access) || !service->access))
		return error_set_invalid(service->import->error,
					 "%s: '%s': the access must be of the letters r, w and m",
					 service->place, text);
	return add_device(service, mapping.source);
}

static int add_device_object(struct service *service, const json_t *device)
{
	const char *source = json_string_value(json_object_get(device, "source"));
	const json_t *given = json_object_get(device, "permissions");
	const char *letters = json_string_value(given);

	if (has_variable(service->import, service->place, source ? source : "") ||
	    has_variable(service->import, service->place, letters ? letters : ""))
		return 0;
	if (!source || (given && !letters && !json_is_null(given)) ||
	    (letters && (ordered_parse_access(letters, &service->access) || !service->access)))
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

/* The nodes in the container, as the specification that Docker writes for runc has them. */
static json_t *make_spec(const struct service *service)
{
	json_t *nodes = json_array();
	const json_t *device;
	size_t index;

	json_array_foreach (json_object_get(service->value, "devices"), index, device) {
		const char *text = json_string_value(json_is_string(device) ? device
						     : json_object_get(device, "target")
							     ? json_object_get(device, "target")
							     : json_object_get(device, "source"));
		cleanup_free char *copy = text ? strdup(text) : NULL;
		struct mapping mapping = { 0 };

		if (!copy)
			continue;
		split_mapping(copy, &mapping);
		json_array_append_new(nodes, json_pack("{s:s}", "path", mapping.target));
	}
	return json_pack("{s:{s:o}}", "linux", "devices", nodes);
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

/* Docker takes single blanks and up to three letters, and nothing behind them. */
static bool is_docker_rule(const char *text)
{
	const char *letters = strrchr(text, ' ');

	return letters && strlen(letters) <= 4 && !strpbrk(text, "\t\n\v\f\r");
}

static int read_rule(const struct service *service, const json_t *element, size_t index,
		     struct list_rules *rules)
{
	struct list_rule rule = { .allow = true, .place = index };
	const char *text = json_string_value(element);
	char place[PLACE_SIZE];

	snprintf(place, sizeof(place), "%s: services.%s.device_cgroup_rules[%zu]",
		 service->import->sources[0].name, service->name, index);
	if (text && has_variable(service->import, place, text))
		return 0;
	if (!text || !is_docker_rule(text) || ordered_parse_line(text, &rule) || !rule.access)
		return error_set_invalid(service->import->error,
					 "%s: this must be a rule such as 'c 189:* rmw'", place);
	return ordered_add_rule(service->import, rules, &rule);
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
		result = read_rule(service, element, index, rules);
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
	static const char *const keys[] = { "gpus", "deploy", "extends", "runtime",
					    "volumes_from" };

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
	cleanup_json json_t *spec = make_spec(service);
	cleanup_free char *list = NULL;
	int result;

	if (asprintf(&list, "services.%s.device_cgroup_rules", service->name) < 0) {
		list = NULL;
		return error_out_of_memory(service->import->error);
	}
	service->import->list = list;
	result = read_rules(service, &rules);
	if (result == 0)
		result = runc_finish(service->import, spec, &rules);
	service->import->list = NULL;
	if (result == 0)
		result = read_devices(service);
	return result ? result : words_finish(service->import, &service->devices);
}

/* A value that is not a list would be ignored silently. */
static int check_lists(const struct service *service)
{
	static const char *const keys[] = { "devices", "device_cgroup_rules" };

	char where[PLACE_SIZE];
	int result = 0;

	snprintf(where, sizeof(where), "services.%s.", service->name);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && result == 0; i++)
		result = json_source_check_list(service->import, service->value, keys[i], where);
	return result;
}

static int read_privileged(const struct service *service, bool *privileged)
{
	static const char *const noes[] = { "no", "off", "n", "false" };
	const json_t *value = json_object_get(service->value, "privileged");
	const char *text = json_string_value(value);
	const char *name = service->import->sources[0].name;
	bool known = !value || json_is_null(value) || json_is_boolean(value);

	*privileged = yaml_source_bool(value);
	for (size_t i = 0; text && i < sizeof(noes) / sizeof(noes[0]); i++)
		known |= strcasecmp(text, noes[i]) == 0;
	if (known || *privileged)
		return 0;
	if (!text || !strchr(text, '$'))
		return error_set_invalid(service->import->error,
					 "%s: services.%s.privileged: this must be true or false",
					 name, service->name);
	importing_remark(
		service->import,
		"%s: services.%s.privileged: '%s' has a variable, which is not known here; the policy is that of false",
		name, service->name, text);
	return 0;
}

static int read_service(struct service *service)
{
	bool privileged = false;
	int result = check_lists(service);

	if (result == 0)
		result = read_privileged(service, &privileged);
	if (result)
		return result;
	remark_ports(service);
	if (privileged)
		return allow_all(service);
	remark_keys(service);
	return finish(service);
}

int import_read_compose(struct importing *import)
{
	/* runc makes one rule of those with the same numbers. */
	struct service service = { .import = import, .devices.add_up = true };
	cleanup_json json_t *documents = NULL;
	int result = yaml_source_read(import, &documents);

	if (result == 0 && json_array_size(documents) > 1)
		result = error_set_invalid(
			import->error,
			"%s: there are several documents, which Compose merges; give what 'docker compose config' prints",
			import->sources[0].name);
	if (result == 0)
		result = choose_service(&service, json_array_get(documents, 0));
	if (result == 0)
		result = read_service(&service);
	words_free(&service.devices);
	return result;
}
