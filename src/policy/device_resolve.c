// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_resolve.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/nearest.h"

#include <ctype.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

void device_entries_free(struct device_entries *entries)
{
	free(entries->items);
	*entries = (struct device_entries){ 0 };
}

static int add_entry(struct device_entries *entries, const struct device_entry *entry,
		     struct cgfence_error *error)
{
	struct device_entry *items;

	if (entries->count == DEVICE_ENTRIES_MAX)
		return error_set_invalid(error,
					 "this stands for over %d devices; give a narrower pattern",
					 DEVICE_ENTRIES_MAX);
	items = array_with_room(entries->items, entries->count, &entries->capacity, sizeof(*items));
	if (!items)
		return error_out_of_memory(error);
	entries->items = items;
	entries->items[entries->count++] = *entry;
	return 0;
}

/* ---- paths ---- */

static bool is_device(const struct stat *status)
{
	return S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode);
}

static int add_node(struct device_entries *entries, const struct stat *status, uint8_t access,
		    struct cgfence_error *error)
{
	const struct device_entry entry = {
		.block = S_ISBLK(status->st_mode),
		.character = S_ISCHR(status->st_mode),
		.major = major(status->st_rdev),
		.minor = minor(status->st_rdev),
		.access = access,
	};

	return add_entry(entries, &entry, error);
}

/* A limit of the host must not be taken for a device that is gone. */
static bool is_gone(int code)
{
	return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

static int refuse_look(const char *path, struct cgfence_error *error)
{
	return error_set(error, errno, "cannot look at %s: %s", path, strerror(errno));
}

static int refuse_directory(const char *path, struct cgfence_error *error)
{
	int length = (int)strlen(path);

	while (length && path[length - 1] == '/')
		length--;
	return error_set_invalid(
		error, "this is a directory, not a device; name the devices in it with '%.*s/*'",
		length, path);
}

static int resolve_node(const char *path, uint8_t access, bool optional, unsigned int flags,
			struct device_entries *entries, struct cgfence_error *error)
{
	bool again = flags & DEVICE_AGAIN;
	struct stat status;

	if (stat(path, &status) < 0) {
		if (again)
			return is_gone(errno) ? 0 : refuse_look(path, error);
		if (optional && (errno == ENOENT || errno == ENOTDIR))
			return 0;
		return error_set_invalid(
			error,
			"there is no such device on this host (%s); name a device node that exists, or give its numbers",
			strerror(errno));
	}
	if (again && !is_device(&status))
		return 0;
	if (S_ISDIR(status.st_mode))
		return refuse_directory(path, error);
	if (!is_device(&status))
		return error_set_invalid(
			error, "this is not a device; name a block or character device node");
	return add_node(entries, &status, access, error);
}

static int add_matches(const glob_t *found, uint8_t access, bool again,
		       struct device_entries *entries, struct cgfence_error *error)
{
	int result = 0;

	for (size_t i = 0; i < found->gl_pathc && result == 0; i++) {
		struct stat status;

		if (stat(found->gl_pathv[i], &status) < 0) {
			if (again && !is_gone(errno))
				result = refuse_look(found->gl_pathv[i], error);
		} else if (is_device(&status)) {
			result = add_node(entries, &status, access, error);
		}
	}
	return result;
}

static int stop_unless_gone(const char *path, int code)
{
	(void)path;
	return !is_gone(code);
}

static int resolve_pattern(const char *pattern, uint8_t access, bool optional, unsigned int flags,
			   struct device_entries *entries, struct cgfence_error *error)
{
	bool again = flags & DEVICE_AGAIN;
	size_t before = entries->count;
	glob_t found = { 0 };
	int result = glob(pattern, 0, again ? stop_unless_gone : NULL, &found);

	if (result == GLOB_NOSPACE)
		result = error_out_of_memory(error);
	else if (result == GLOB_ABORTED)
		result = error_set(error, EIO, "cannot look for %s", pattern);
	else
		result = add_matches(&found, access, again, entries, error);
	globfree(&found);
	if (result || optional || again || entries->count > before)
		return result;
	return error_set_invalid(error,
				 "no device node on this host matches; name one that exists, or %s",
				 flags & DEVICE_MAY_BE_OPTIONAL
					 ? "make the entry optional if there may be none"
					 : "give the numbers");
}

int device_resolve_path(const char *path, uint8_t access, bool optional, unsigned int flags,
			struct device_entries *entries, struct cgfence_error *error)
{
	if (path[0] != '/')
		return error_set_invalid(error, "the path must be absolute, such as '/dev/fuse'");
	if (flags & DEVICE_OFFLINE)
		return 0;
	return (strpbrk(path, "*?[") ? resolve_pattern : resolve_node)(path, access, optional,
								       flags, entries, error);
}

/* "/dev/fuse rw": the path may hold blanks, the access cannot. */
static int resolve_path_text(const char *text, bool optional, unsigned int flags,
			     struct device_entries *entries, struct cgfence_error *error)
{
	const char *blank = strrchr(text, ' ');
	cleanup_free char *path = NULL;
	uint8_t access = 0;
	int result;

	if (!blank)
		return error_set_invalid(
			error, "an entry is a path and an access, such as '/dev/fuse rw'");
	result = device_access_parse(blank + 1, &access, error);
	if (result)
		return result;
	path = strndup(text, (size_t)(blank - text));
	if (!path)
		return error_out_of_memory(error);
	return device_resolve_path(path, access, optional, flags, entries, error);
}

/* ---- drivers ---- */

/* "c hidraw:* rw" in its parts. */
struct driver_words {
	bool block;
	char *pattern; /* of names */
	const char *minor;
	uint8_t access;
};

/* Is it a pattern of names without a letter, such as "*-*"? A '*' alone is every major. */
static bool is_bare_pattern(const char *name, const char *blank)
{
	static const char all_minors[] = ":*";
	const char *end = blank - strlen(all_minors);

	return end - name > 1 && strncmp(end, all_minors, strlen(all_minors)) == 0 &&
	       memchr(name, '*', (size_t)(end - name));
}

/*
 * Is @text about a driver, and not about numbers? A name has a letter in it or is a pattern of its own, so that a wrong
 * number is told as one.
 */
static bool names_driver(const char *text)
{
	const char *blank = strrchr(text, ' ');

	if (!*text || !strchr("abc", *text) || text[1] != ' ')
		return false;
	text += 2;
	if (text < blank && is_bare_pattern(text, blank))
		return true;
	for (; *text && text < blank; text++) {
		if (strchr("?[", *text) || isalpha((unsigned char)*text))
			return true;
	}
	return false;
}

/* The last ':' separates, since a name may hold others. */
static int split(const char *text, char *copy, struct driver_words *words,
		 struct cgfence_error *error)
{
	static const char form[] =
		"a driver's entry is 'TYPE NAME:* ACCESS', such as 'c hidraw:* rw'";
	char *colon;
	char *blank;

	if (*text == 'a')
		return error_set_invalid(error, "the type of a driver's devices must be b or c; %s",
					 form);
	words->block = *text == 'b';
	words->pattern = copy + 2;
	blank = strrchr(copy, ' ');
	*blank = '\0';
	colon = strrchr(words->pattern, ':');
	if (!colon || colon == words->pattern || strcmp(colon + 1, "*") != 0)
		return error_set_invalid(
			error,
			"after the name of a driver ':*' must follow; %s, and one device has numbers or a path",
			form);
	*colon = '\0';
	return device_access_parse(blank + 1, &words->access, error);
}

static int refuse_driver(const struct drivers *drivers, const struct driver_words *words,
			 struct cgfence_error *error)
{
	struct nearest nearest = nearest_begin(words->pattern);
	char hint[NEAREST_HINT_SIZE];

	for (size_t i = 0; i < drivers->count; i++) {
		if (drivers->items[i].block == words->block)
			nearest_try(&nearest, drivers->items[i].name);
	}
	return error_set_invalid(
		error, "no driver of %s devices on this host has the name '%s'%s%s",
		words->block ? "block" : "character", words->pattern, nearest_hint(&nearest, hint),
		nearest.best ? "" : "; /proc/devices lists them, once their modules are loaded");
}

static int add_driver(const struct drivers *drivers, const struct driver_words *words,
		      struct device_entries *entries, struct cgfence_error *error)
{
	int result = 0;

	for (size_t i = 0; i < drivers->count && result == 0; i++) {
		const struct driver *driver = &drivers->items[i];
		const struct device_entry entry = {
			.block = driver->block,
			.character = !driver->block,
			.major = driver->major,
			.any_minor = true,
			.access = words->access,
		};

		if (driver->block == words->block && driver->major <= CGFENCE_MAJOR_MAX &&
		    fnmatch(words->pattern, driver->name, 0) == 0)
			result = add_entry(entries, &entry, error);
	}
	return result;
}

static int resolve_driver(const char *text, bool optional, unsigned int flags,
			  struct drivers *drivers, struct device_entries *entries,
			  struct cgfence_error *error)
{
	cleanup_free char *copy = strdup(text);
	struct driver_words words = { 0 };
	int result;

	if (!copy)
		return error_out_of_memory(error);
	result = split(text, copy, &words, error);
	if (result || flags & DEVICE_OFFLINE)
		return result;
	result = drivers->count ? 0 : drivers_read(drivers, error);
	if (result == 0)
		result = add_driver(drivers, &words, entries, error);
	if (result || optional || flags & DEVICE_AGAIN || entries->count)
		return result;
	return refuse_driver(drivers, &words, error);
}

/* ---- all ---- */

static int resolve_numbers(const char *text, struct device_entries *entries,
			   struct cgfence_error *error)
{
	struct device_entry entry = { 0 };
	int result;

	/* "dev/fuse rw" */
	if (memchr(text, '/', strcspn(text, " ")))
		return error_set_invalid(error, "the path must be absolute, such as '/dev/fuse'");
	result = device_entry_parse(text, &entry, error);

	return result ? result : add_entry(entries, &entry, error);
}

/* Is a blank behind the access? */
static bool has_blank_behind(const char *text)
{
	size_t length = strlen(text);
	size_t end = length;
	size_t start;

	while (end && text[end - 1] == ' ')
		end--;
	for (start = end; start && strchr("rwm", text[start - 1]);)
		start--;
	return end < length && start < end && start && text[start - 1] == ' ';
}

int device_resolve_among(const char *text, unsigned int flags, struct drivers *drivers,
			 struct device_entries *entries, struct cgfence_error *error)
{
	struct device_entries found = { 0 };
	bool optional = text[0] == '-';
	int result;

	if (optional && !(flags & DEVICE_MAY_BE_OPTIONAL))
		return error_set_invalid(
			error,
			"what is denied cannot be optional, since leaving it out would open it; leave out the '-'");
	text += optional;
	if (has_blank_behind(text))
		return error_set_invalid(
			error,
			"a space is at the end; an entry ends with its access, one or more of r, w and m");
	if (text[0] == '/')
		result = resolve_path_text(text, optional, flags, &found, error);
	else if (names_driver(text))
		result = resolve_driver(text, optional, flags, drivers, &found, error);
	else
		result = resolve_numbers(text, &found, error);
	if (result) {
		device_entries_free(&found);
		return result;
	}
	*entries = found;
	return 0;
}

int device_resolve(const char *text, unsigned int flags, struct device_entries *entries,
		   struct cgfence_error *error)
{
	cleanup_drivers struct drivers drivers = { 0 };

	return device_resolve_among(text, flags, &drivers, entries, error);
}
