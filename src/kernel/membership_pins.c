// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/membership_pins.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "kernel/member_host.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "members"
#define NO_PLACE UINT32_MAX

static void write_path(char path[PINS_PATH_SIZE], uint64_t id, uint32_t place, bool detaching)
{
	char name[24];

	snprintf(name, sizeof(name), PREFIX "%u", place);
	(detaching ? pins_detaching_path : pins_path)(path, id, name);
}

void membership_pin_path(char path[PINS_PATH_SIZE], uint64_t id, uint32_t place)
{
	write_path(path, id, place, false);
}

/* Return: the place that a pin is of, NO_PLACE if it is another. */
static uint32_t place_of(const char *name)
{
	unsigned long place;
	char *end;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return NO_PLACE;
	place = strtoul(name + strlen(PREFIX), &end, 10);
	return *end || end == name + strlen(PREFIX) || place >= NO_PLACE ? NO_PLACE
									 : (uint32_t)place;
}

/* Those for which there is memory; what is left is found by the next command. @places: to be given to free() */
static void list_places(uint64_t id, bool detaching, uint32_t **places, size_t *count)
{
	size_t capacity = 0;
	char path[PINS_PATH_SIZE];
	struct dirent *entry;
	DIR *directory;

	(detaching ? pins_detaching_path : pins_path)(path, id, NULL);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		uint32_t place = place_of(entry->d_name);
		uint32_t *larger;

		if (place == NO_PLACE)
			continue;
		larger = array_with_room(*places, *count, &capacity, sizeof(**places));
		if (!larger)
			break;
		*places = larger;
		(*places)[(*count)++] = place;
	}
	if (directory)
		closedir(directory);
}

bool membership_has_others(uint64_t id, uint32_t place)
{
	cleanup_free uint32_t *places = NULL;
	size_t count = 0;

	list_places(id, false, &places, &count);
	return count > 1 || (count == 1 && places[0] != place);
}

/* A version before had pins of programs of the fence's own. */
static void remove_programs(uint64_t id, bool detaching)
{
	static const char *const names[] = { "mkdir0", "mkdir1", "rmdir0", "rmdir1" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[PINS_PATH_SIZE];

		(detaching ? pins_detaching_path : pins_path)(path, id, names[i]);
		unlink(path);
	}
}

static void remove_except(uint64_t id, bool detaching, uint32_t kept)
{
	cleanup_free uint32_t *places = NULL;
	size_t count = 0;

	list_places(id, detaching, &places, &count);
	for (size_t i = 0; i < count; i++) {
		char path[PINS_PATH_SIZE];

		write_path(path, id, places[i], detaching);
		if (places[i] != kept &&
		    member_host_free(id, places[i], kept == NO_PLACE && i + 1 == count))
			unlink(path);
	}
	remove_programs(id, detaching);
}

void membership_remove(uint64_t id, uint32_t place)
{
	char path[PINS_PATH_SIZE];

	write_path(path, id, place, false);
	if (member_host_free(id, place, !membership_has_others(id, place)))
		unlink(path);
}

void membership_remove_others(uint64_t id, uint32_t place)
{
	remove_except(id, false, place);
}

void membership_remove_all(uint64_t id, bool detaching)
{
	remove_except(id, detaching, NO_PLACE);
}
