// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/unit.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define SERVICE "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

int unit_devices_add(struct unit_devices *devices, const char *node, const char *access)
{
	struct unit_device *larger =
		reallocarray(devices->items, devices->count + 1, sizeof(*larger));
	struct unit_device *added;

	if (!larger)
		return -ENOMEM;
	devices->items = larger;
	added = &larger[devices->count];
	added->node = strdup(node);
	if (!added->node)
		return -ENOMEM;
	snprintf(added->access, sizeof(added->access), "%s", access);
	devices->count++;
	return 0;
}

void unit_devices_free(struct unit_devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		free(devices->items[i].node);
	free(devices->items);
	*devices = (struct unit_devices){ 0 };
}

/* One call, and what it holds. */
struct call {
	const struct bus_functions *functions;
	sd_bus_message *message;
	sd_bus_message *reply;
	sd_bus_error error;
};

static void call_end(struct call *call)
{
	call->functions->sd_bus_message_unref(call->message);
	call->functions->sd_bus_message_unref(call->reply);
	call->functions->sd_bus_error_free(&call->error);
}

#define cleanup_call __attribute__((cleanup(call_end)))

static int explain(const struct call *call, const char *unit, int result,
		   struct cgfence_error *error)
{
	const char *name = call->error.name ? call->error.name : "";

	if (strcmp(name, SERVICE ".NoSuchUnit") == 0)
		return error_set(error, ENOENT, "systemd has no unit %s", unit);
	return error_set(error, -result, "systemd answers about %s: %s", unit,
			 call->error.message ? call->error.message : strerror(-result));
}

/* ---- reading ---- */

/* "a.service" has the interface of the same name. Return: false if such a unit has no rules of devices. */
static bool name_interface(const char *unit, char interface[64])
{
	static const struct {
		const char *ending;
		const char *name;
	} kinds[] = {
		{ ".service", "Service" }, { ".scope", "Scope" }, { ".slice", "Slice" },
		{ ".socket", "Socket" },   { ".mount", "Mount" }, { ".swap", "Swap" },
	};
	const char *ending = strrchr(unit, '.');

	for (size_t i = 0; ending && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(ending, kinds[i].ending) == 0) {
			snprintf(interface, 64, SERVICE ".%s", kinds[i].name);
			return true;
		}
	}
	return false;
}

struct unit_object {
	const struct bus *bus;
	const char *unit;
	const char *path;
	const char *interface;
};

static int get_property(const struct unit_object *object, const char *name, const char *type,
			struct call *call, struct cgfence_error *error)
{
	int result = call->functions->sd_bus_get_property(object->bus->connection, SERVICE,
							  object->path, object->interface, name,
							  &call->error, &call->reply, type);

	return result < 0 ? explain(call, object->unit, result, error) : 0;
}

/* Return: 0, the text to be given to free(). */
static int read_text(const struct unit_object *object, const char *name, char **text,
		     struct cgfence_error *error)
{
	cleanup_call struct call call = { .functions = object->bus->call };
	const char *value = NULL;
	int result = get_property(object, name, "s", &call, error);

	if (result)
		return result;
	result = call.functions->sd_bus_message_read(call.reply, "s", &value);
	if (result < 0)
		return explain(&call, object->unit, result, error);
	*text = strdup(value);
	return *text ? 0 : error_out_of_memory(error);
}

static int read_list(const struct unit_object *object, struct unit_devices *devices,
		     struct cgfence_error *error)
{
	cleanup_call struct call call = { .functions = object->bus->call };
	const char *node = NULL;
	const char *access = NULL;
	int result = get_property(object, "DeviceAllow", "a(ss)", &call, error);

	if (result)
		return result;
	result = call.functions->sd_bus_message_enter_container(call.reply, 'a', "(ss)");
	while (result >= 0 && (result = call.functions->sd_bus_message_read(call.reply, "(ss)",
									    &node, &access)) > 0) {
		if (unit_devices_add(devices, node, access))
			return error_out_of_memory(error);
	}
	return result < 0 ? explain(&call, object->unit, result, error) : 0;
}

static int read_rules(const struct unit_object *object, const char *cgroup,
		      struct unit_devices *devices, struct cgfence_error *error)
{
	cleanup_free char *theirs = NULL;
	cleanup_free char *policy = NULL;
	int result = read_text(object, "ControlGroup", &theirs, error);

	if (!theirs)
		return result;
	/* A unit of a user's manager may have the name of one of the system's. */
	if (strcmp(theirs, cgroup) != 0)
		return error_set(error, ENOENT, "%s has another cgroup, %s", object->unit, theirs);
	result = read_text(object, "DevicePolicy", &policy, error);
	if (result == 0)
		result = read_list(object, devices, error);
	if (result == 0 && policy)
		snprintf(devices->policy, sizeof(devices->policy), "%s", policy);
	return result;
}

int unit_read(const struct bus *bus, const char *unit, const char *cgroup,
	      struct unit_devices *devices, struct cgfence_error *error)
{
	cleanup_call struct call call = { .functions = bus->call };
	char interface[64];
	struct unit_object object = { bus, unit, NULL, interface };
	int result;

	if (!name_interface(unit, interface))
		return error_set(error, ENOENT, "%s has no rules of devices", unit);
	result = call.functions->sd_bus_call_method(bus->connection, SERVICE, MANAGER_PATH, MANAGER,
						    "GetUnit", &call.error, &call.reply, "s", unit);
	if (result >= 0)
		result = call.functions->sd_bus_message_read(call.reply, "o", &object.path);
	if (result < 0)
		return explain(&call, unit, result, error);
	return read_rules(&object, cgroup, devices, error);
}

/* ---- setting ---- */

/* An array that is empty takes the entries away that are there. */
static int append_list(const struct bus_functions *call, sd_bus_message *message,
		       const struct unit_devices *devices, size_t count)
{
	int result = call->sd_bus_message_open_container(message, 'r', "sv");

	if (result >= 0)
		result = call->sd_bus_message_append(message, "s", "DeviceAllow");
	if (result >= 0)
		result = call->sd_bus_message_open_container(message, 'v', "a(ss)");
	if (result >= 0)
		result = call->sd_bus_message_open_container(message, 'a', "(ss)");
	for (size_t i = 0; i < count && result >= 0; i++)
		result = call->sd_bus_message_append(message, "(ss)", devices->items[i].node,
						     devices->items[i].access);
	for (int depth = 0; depth < 3 && result >= 0; depth++)
		result = call->sd_bus_message_close_container(message);
	return result;
}

/* SetUnitProperties(s name, b runtime, a(sv) properties); systemd does all of them, or none. */
static int fill(const struct bus_functions *call, sd_bus_message *message, const char *unit,
		const struct unit_devices *devices, bool close)
{
	int result = call->sd_bus_message_append(message, "sb", unit, 1);

	if (result >= 0)
		result = call->sd_bus_message_open_container(message, 'a', "(sv)");
	if (result >= 0)
		result = append_list(call, message, devices, 0);
	if (result >= 0 && devices->count)
		result = append_list(call, message, devices, devices->count);
	if (result >= 0 && close)
		result =
			call->sd_bus_message_append(message, "(sv)", "DevicePolicy", "s", "closed");
	if (result >= 0)
		result = call->sd_bus_message_close_container(message);
	return result;
}

/* The manager attaches programs before it answers the next question (manager_loop(), src/core/manager.c). */
static void await_program(const struct bus *bus)
{
	cleanup_call struct call call = { .functions = bus->call };

	call.functions->sd_bus_get_property(bus->connection, SERVICE, MANAGER_PATH, MANAGER,
					    "Version", &call.error, &call.reply, "s");
}

int unit_set(const struct bus *bus, const char *unit, const struct unit_devices *devices,
	     bool close, struct cgfence_error *error)
{
	cleanup_call struct call call = { .functions = bus->call };
	int result = call.functions->sd_bus_message_new_method_call(bus->connection, &call.message,
								    SERVICE, MANAGER_PATH, MANAGER,
								    "SetUnitProperties");

	if (result >= 0)
		result = fill(call.functions, call.message, unit, devices, close);
	if (result >= 0)
		result = call.functions->sd_bus_call(bus->connection, call.message, 0, &call.error,
						     &call.reply);
	if (result < 0)
		return explain(&call, unit, result, error);
	await_program(bus);
	return 0;
}
