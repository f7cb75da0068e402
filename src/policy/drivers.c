// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/drivers.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define PROC_DEVICES "/proc/devices"

static int add_driver(struct drivers *drivers, const struct driver *driver)
{
	struct driver *items =
		array_with_room(drivers->items, drivers->count, &drivers->capacity, sizeof(*items));

	if (!items)
		return -ENOMEM;
	drivers->items = items;
	drivers->items[drivers->count++] = *driver;
	return 0;
}

/* A line is "Character devices:", "Block devices:", or a major and a name: "226 drm" (fs/proc/devices.c). */
static int parse_line(const char *line, bool *block, struct drivers *drivers)
{
	struct driver driver = { 0 };

	if (strcmp(line, "Character devices:") == 0)
		*block = false;
	else if (strcmp(line, "Block devices:") == 0)
		*block = true;
	if (sscanf(line, "%u %63[^\n]", &driver.major, driver.name) != 2)
		return 0;
	driver.block = *block;
	return add_driver(drivers, &driver);
}

int drivers_parse(const char *text, struct drivers *drivers)
{
	cleanup_free char *copy = strdup(text);
	struct drivers parsed = { 0 };
	bool block = false;
	char *save = NULL;

	if (!copy)
		return -ENOMEM;
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (parse_line(line, &block, &parsed)) {
			drivers_free(&parsed);
			return -ENOMEM;
		}
	}
	*drivers = parsed;
	return 0;
}

int drivers_read(struct drivers *drivers, struct cgfence_error *error)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *file = fopen(PROC_DEVICES, "re");
	int code = file && getdelim(&text, &size, '\0', file) > 0 ? 0 : errno;

	if (file)
		fclose(file);
	if (code || !text)
		return error_set(error, code ? code : ENODATA,
				 "the drivers of this host cannot be read from " PROC_DEVICES
				 " (%s); mount /proc, or give numbers",
				 strerror(code ? code : ENODATA));
	return drivers_parse(text, drivers) ? error_out_of_memory(error) : 0;
}

void drivers_free(struct drivers *drivers)
{
	free(drivers->items);
	*drivers = (struct drivers){ 0 };
}
