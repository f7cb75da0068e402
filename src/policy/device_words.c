// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_words.h"

#include <stdio.h>
#include <string.h>

/* Numbers of terminals are given as they are opened (devpts, Documentation/filesystems/devpts.rst). */
#define PTS "pts"

/* What an entry takes as it stands: no pattern, and no blank. */
static bool is_plain(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789/_.:+@=,-";

	return *text && text[strspn(text, letters)] == '\0';
}

/* The only driver of a major; NULL if there is none, or several. */
static const struct driver *driver_of(const struct drivers *drivers, bool block, uint32_t major)
{
	const struct driver *found = NULL;

	for (size_t i = 0; i < drivers->count; i++) {
		const struct driver *driver = &drivers->items[i];

		if (driver->block != block || driver->major != major)
			continue;
		if (found)
			return NULL;
		found = driver;
	}
	return found;
}

static bool has_number(const char *name)
{
	size_t length = strlen(name);

	return length && name[length - 1] >= '0' && name[length - 1] <= '9';
}

/* Disks are called by letters in the order in which they are found. */
static bool may_be_renumbered(const struct device_number *device, const char *name)
{
	return device->block || has_number(name);
}

static bool find_path(const struct device_host *host, const struct device_number *device,
		      char words[DEVICE_WORDS_SIZE])
{
	char name[DEVICE_PATH_SIZE];
	char path[DEVICE_PATH_SIZE];

	if (!host->name(device, name))
		return false;
	if (may_be_renumbered(device, name) && host->link(device, path) && is_plain(path)) {
		memcpy(words, path, sizeof(path));
		return true;
	}
	if (snprintf(path, sizeof(path), "/dev/%s", name) >= (int)sizeof(path) || !is_plain(path) ||
	    !host->is_at(device, path))
		return false;
	memcpy(words, path, sizeof(path));
	return true;
}

void device_words_find(const struct device_host *host, const struct drivers *drivers,
		       const struct device_number *device, char words[DEVICE_WORDS_SIZE])
{
	const struct driver *driver = driver_of(drivers, device->block, device->major);

	if (driver && strcmp(driver->name, PTS) == 0)
		snprintf(words, DEVICE_WORDS_SIZE, "c " PTS ":*");
	else if (!find_path(host, device, words))
		snprintf(words, DEVICE_WORDS_SIZE, "%c %u:%u", device->block ? 'b' : 'c',
			 device->major, device->minor);
}

/* ---- drivers of one kind ---- */

struct kind {
	const struct device_host *host;
	const struct drivers *drivers;
	const struct driver *driver;
	char stem[DEVICE_PATH_SIZE]; /* of the names, before the number */
	bool is_one;
};

/* "loop7" has the stem "loop". Return: its length, 0 if the name is no such. */
static size_t stem_length(const char *name)
{
	size_t length = strlen(name);
	size_t end = length;

	while (end && name[end - 1] >= '0' && name[end - 1] <= '9')
		end--;
	return end == length ? 0 : end;
}

static bool has_stem(const char *name, const char *stem)
{
	size_t length = stem_length(name);

	return length && length == strlen(stem) && memcmp(name, stem, length) == 0;
}

/* Looks at the majors of the driver: it may have several, and a device of another driver there ends it. */
static bool look_at(const struct device_number *device, void *context)
{
	struct kind *kind = context;
	char name[DEVICE_PATH_SIZE];
	bool is_of_driver = false;

	for (size_t i = 0; i < kind->drivers->count; i++) {
		const struct driver *driver = &kind->drivers->items[i];

		is_of_driver = is_of_driver ||
			       (driver->block == device->block && driver->major == device->major &&
				strcmp(driver->name, kind->driver->name) == 0);
	}
	if (!is_of_driver)
		return true;
	kind->is_one = driver_of(kind->drivers, device->block, device->major) &&
		       kind->host->name(device, name) && has_stem(name, kind->stem);
	return kind->is_one;
}

bool device_words_generalise(const struct device_host *host, const struct drivers *drivers,
			     const struct device_number *devices, size_t count,
			     char words[DEVICE_WORDS_SIZE])
{
	struct kind kind = {
		.host = host,
		.drivers = drivers,
		.driver = driver_of(drivers, devices[0].block, devices[0].major),
		.is_one = true,
	};

	if (count < 2 || !kind.driver || !is_plain(kind.driver->name) ||
	    !host->name(&devices[0], kind.stem))
		return false;
	kind.stem[stem_length(kind.stem)] = '\0';
	if (!*kind.stem)
		return false;
	host->each(devices[0].block, look_at, &kind);
	for (size_t i = 0; i < count && kind.is_one; i++)
		look_at(&devices[i], &kind);
	if (kind.is_one)
		snprintf(words, DEVICE_WORDS_SIZE, "%c %s:*", devices[0].block ? 'b' : 'c',
			 kind.driver->name);
	return kind.is_one;
}
