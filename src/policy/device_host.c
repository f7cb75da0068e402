// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_host.h"

#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const char *folder(bool block)
{
	return block ? "/sys/dev/block" : "/sys/dev/char";
}

/* A line is "DEVNAME=input/event3" (dev_uevent, drivers/base/core.c). */
static bool name_device(const struct device_number *device, char name[DEVICE_PATH_SIZE])
{
	static const char key[] = "DEVNAME=";
	char path[64];
	char line[DEVICE_PATH_SIZE];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u:%u/uevent", folder(device->block), device->major,
		 device->minor);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, key, sizeof(key) - 1) == 0 && line[sizeof(key) - 1];
	}
	if (file)
		fclose(file);
	if (found)
		snprintf(name, DEVICE_PATH_SIZE, "%s", line + sizeof(key) - 1);
	return found;
}

static bool is_at(const struct device_number *device, const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 &&
	       (device->block ? S_ISBLK(status.st_mode) : S_ISCHR(status.st_mode)) &&
	       major(status.st_rdev) == device->major && minor(status.st_rdev) == device->minor;
}

/* Those of udev: /dev/disk/by-id, /dev/serial/by-path and so on. */
static bool find_link(const struct device_number *device, char path[DEVICE_PATH_SIZE])
{
	static const char *const patterns[] = { "/dev/*/by-id/*", "/dev/*/by-path/*" };
	bool found = false;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]) && !found; i++) {
		glob_t links = { 0 };

		if (glob(patterns[i], 0, NULL, &links) == 0) {
			for (size_t j = 0; j < links.gl_pathc && !found; j++) {
				found = strlen(links.gl_pathv[j]) < DEVICE_PATH_SIZE &&
					is_at(device, links.gl_pathv[j]);
				if (found)
					snprintf(path, DEVICE_PATH_SIZE, "%s", links.gl_pathv[j]);
			}
		}
		globfree(&links);
	}
	return found;
}

static void each(bool block, bool (*visit)(const struct device_number *device, void *context),
		 void *context)
{
	DIR *devices = opendir(folder(block));
	const struct dirent *entry;
	bool goes_on = true;

	while (devices && goes_on && (entry = readdir(devices))) {
		struct device_number device = { .block = block };

		if (sscanf(entry->d_name, "%u:%u", &device.major, &device.minor) == 2)
			goes_on = visit(&device, context);
	}
	if (devices)
		closedir(devices);
}

const struct device_host device_host_here = { name_device, is_at, find_link, each, drivers_read };
