// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/bus.h"
#include "base/error.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libsystemd.so.0"

/* systemd's own socket, which works without a message bus, as systemctl uses it (src/shared/bus-util.c). */
#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"

#define FUNCTION(name)                                      \
	{                                                   \
#name, offsetof(struct bus_functions, name) \
	}

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
	FUNCTION(sd_bus_new),
	FUNCTION(sd_bus_set_address),
	FUNCTION(sd_bus_start),
	FUNCTION(sd_bus_open_system),
	FUNCTION(sd_bus_flush_close_unref),
	FUNCTION(sd_bus_unref),
	FUNCTION(sd_bus_call_method),
	FUNCTION(sd_bus_get_property),
	FUNCTION(sd_bus_message_new_method_call),
	FUNCTION(sd_bus_message_append),
	FUNCTION(sd_bus_message_open_container),
	FUNCTION(sd_bus_message_close_container),
	FUNCTION(sd_bus_message_enter_container),
	FUNCTION(sd_bus_message_exit_container),
	FUNCTION(sd_bus_message_read),
	FUNCTION(sd_bus_message_unref),
	FUNCTION(sd_bus_call),
	FUNCTION(sd_bus_error_free),
};

/* The libc of a static program loads only libraries that were built with the very same one. */
#ifdef CGFENCE_STATIC
static int load(struct bus_functions *loaded, struct cgfence_error *error)
{
	(void)loaded;
	(void)functions;
	return error_set(error, ENOSYS,
			 "a program that is linked statically cannot load " LIBRARY
			 " to ask it with; use one that is not");
}
#else
/* It stays loaded. */
static int load(struct bus_functions *loaded, struct cgfence_error *error)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(error, ENOSYS,
				 "there is no " LIBRARY " to ask it with; install libsystemd");
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return error_set(error, ENOSYS, LIBRARY " is too old; it has no %s()",
					 functions[i].name);
		memcpy((char *)loaded + functions[i].offset, &function, sizeof(function));
	}
	return 0;
}
#endif

static int connect_private(const struct bus_functions *call, sd_bus **connection)
{
	sd_bus *made = NULL;
	int result = call->sd_bus_new(&made);

	if (result >= 0)
		result = call->sd_bus_set_address(made, PRIVATE_ADDRESS);
	if (result >= 0)
		result = call->sd_bus_start(made);
	if (result < 0) {
		call->sd_bus_unref(made);
		return result;
	}
	*connection = made;
	return 0;
}

int bus_open(struct bus *bus, struct cgfence_error *error)
{
	static struct bus_functions call;
	int result = load(&call, error);

	if (result)
		return result;
	result = connect_private(&call, &bus->connection);
	if (result < 0)
		result = call.sd_bus_open_system(&bus->connection);
	if (result < 0)
		return error_set(error, EHOSTDOWN,
				 "there is no systemd, and no message bus, to connect to: %s",
				 strerror(-result));
	bus->call = &call;
	return 0;
}

void bus_close(struct bus *bus)
{
	if (bus->connection)
		bus->call->sd_bus_flush_close_unref(bus->connection);
	*bus = (struct bus){ 0 };
}
