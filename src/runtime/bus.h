/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of sd-bus(3) that is needed here. libsystemd is loaded when it is first asked for, so no command starts with it. */
#pragma once

#include <cgfence/error.h>
#include <stdint.h>

typedef struct sd_bus sd_bus;
typedef struct sd_bus_message sd_bus_message;

/* sd-bus.h */
typedef struct {
	const char *name;
	const char *message;
	int need_free;
} sd_bus_error;

#define BUS_ERROR_NONE \
	{              \
		0      \
	}

/* The functions of sd-bus.h of the same names. */
struct bus_functions {
	int (*sd_bus_new)(sd_bus **bus);
	int (*sd_bus_set_address)(sd_bus *bus, const char *address);
	int (*sd_bus_start)(sd_bus *bus);
	int (*sd_bus_open_system)(sd_bus **bus);
	sd_bus *(*sd_bus_flush_close_unref)(sd_bus *bus);
	sd_bus *(*sd_bus_unref)(sd_bus *bus);
	int (*sd_bus_call_method)(sd_bus *bus, const char *destination, const char *path,
				  const char *interface, const char *member, sd_bus_error *error,
				  sd_bus_message **reply, const char *types, ...);
	int (*sd_bus_get_property)(sd_bus *bus, const char *destination, const char *path,
				   const char *interface, const char *member, sd_bus_error *error,
				   sd_bus_message **reply, const char *type);
	int (*sd_bus_message_new_method_call)(sd_bus *bus, sd_bus_message **message,
					      const char *destination, const char *path,
					      const char *interface, const char *member);
	int (*sd_bus_message_append)(sd_bus_message *message, const char *types, ...);
	int (*sd_bus_message_open_container)(sd_bus_message *message, char type,
					     const char *contents);
	int (*sd_bus_message_close_container)(sd_bus_message *message);
	int (*sd_bus_message_enter_container)(sd_bus_message *message, char type,
					      const char *contents);
	int (*sd_bus_message_exit_container)(sd_bus_message *message);
	int (*sd_bus_message_read)(sd_bus_message *message, const char *types, ...);
	sd_bus_message *(*sd_bus_message_unref)(sd_bus_message *message);
	int (*sd_bus_call)(sd_bus *bus, sd_bus_message *message, uint64_t timeout_us,
			   sd_bus_error *error, sd_bus_message **reply);
	void (*sd_bus_error_free)(sd_bus_error *error);
};

struct bus {
	const struct bus_functions *call;
	sd_bus *connection;
};

/**
 * bus_open() - connect to the systemd of this host.
 * @bus: zeroed; to be given to bus_close()
 *
 * Return: 0, -ENOSYS without libsystemd, -EHOSTDOWN if nobody answers.
 */
int bus_open(struct bus *bus, struct cgfence_error *error);

/** bus_close() - disconnect. */
void bus_close(struct bus *bus);

#define cleanup_bus __attribute__((cleanup(bus_close)))
