// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "wrapper/settings.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/json_reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SETTINGS_SIZE_MAX (64 * 1024)
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

void settings_free(struct settings *settings)
{
	free(settings->runtime);
	free(settings->policy);
	*settings = (struct settings){ 0 };
}

static void cleanup_free_settings(struct settings *settings)
{
	settings_free(settings);
}

static void cleanup_free_json(json_t **value)
{
	json_decref(*value);
}

static int read_path(struct reader *reader, const json_t *value, void *target)
{
	if (json_is_string(value) && *json_string_value(value) == '/')
		return reader_read_string(reader, value, target);
	return reader_refuse(
		reader, value,
		"this must be the absolute path of a runtime, such as \"/usr/bin/crun\"");
}

static const struct reader_key keys[] = {
	{ "runtime", read_path, offsetof(struct settings, runtime) },
	{ "policy", reader_read_string, offsetof(struct settings, policy) },
	{ 0 },
};

static int parse(const char *path, const char *text, size_t length, struct settings *settings,
		 struct cgfence_error *error)
{
	struct reader reader = { .text = text, .length = length, .origin = path, .error = error };
	__attribute__((cleanup(cleanup_free_json))) json_t *root = NULL;
	json_error_t syntax;

	root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &syntax);
	if (!root)
		return error_set_invalid(error, "%s:%d:%d: this is not JSON: %s", path, syntax.line,
					 syntax.column > 0 ? syntax.column : 1, syntax.text);
	return reader_read_object(&reader, root, keys, settings);
}

int settings_read(const char *path, struct settings *settings, struct cgfence_error *error)
{
	__attribute__((cleanup(cleanup_free_settings))) struct settings read_settings = { 0 };
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[SETTINGS_SIZE_MAX];
	struct stat status;
	ssize_t length;
	int result;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		*settings = read_settings;
		return 0;
	}
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(error, errno, "cannot open %s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_uid != 0 || status.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(
			error, EPERM,
			"others than root can change %s; take that from them with chown and chmod",
			path);
	length = read(fd, text, sizeof(text));
	if (length < 0 || length == sizeof(text))
		return error_set(error, EINVAL, "%s cannot be read, or is too long", path);
	result = parse(path, text, (size_t)length, &read_settings, error);
	if (result)
		return result;
	*settings = read_settings;
	read_settings = (struct settings){ 0 };
	return 0;
}

bool settings_is_own(const char *path)
{
	struct stat own;
	struct stat status;

	return stat(path, &status) == 0 && stat("/proc/self/exe", &own) == 0 &&
	       own.st_ino == status.st_ino && own.st_dev == status.st_dev;
}

/* Somebody may have put the wrapper in the place of runc. */
static bool is_runtime(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0 &&
	       !settings_is_own(path);
}

/* Return: 0, -ENOENT, -ENOMEM. */
static int find_in(const char *directories, const char *name, char **path)
{
	while (*directories) {
		size_t length = strcspn(directories, ":");
		cleanup_free char *candidate = NULL;

		if (asprintf(&candidate, "%.*s/%s", (int)length, directories, name) < 0) {
			candidate = NULL;
			return -ENOMEM;
		}
		if (*candidate == '/' && is_runtime(candidate)) {
			*path = cleanup_steal(candidate);
			return 0;
		}
		directories += length + (directories[length] == ':');
	}
	return -ENOENT;
}

int settings_find_runtime(char **path, struct cgfence_error *error)
{
	const char *directories = getenv("PATH");
	int result;

	if (!directories || !*directories)
		directories = DEFAULT_PATH;
	result = find_in(directories, "runc", path);
	if (result == -ENOENT)
		result = find_in(directories, "crun", path);
	if (result == -ENOENT)
		return error_set(
			error, ENOENT,
			"there is neither runc nor crun in %s; name the runtime in /etc/cgfence/runtime.json, as {\"runtime\": \"/usr/bin/crun\"}",
			directories);
	return result ? error_out_of_memory(error) : 0;
}
