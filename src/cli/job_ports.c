// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/job_ports.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A longer name or value is cut in messages. */
#define QUOTED 64

/* Neither "any" nor a family: those no scheduler assigns. */
static bool is_ports(const char *value)
{
	return *value && value[strspn(value, "0123456789,-")] == '\0';
}

static int refuse(const char *variable, const char *value, struct cgfence_error *error)
{
	return error_set_invalid(
		error,
		"the variable %.*s of the process is '%.*s', which is no list of ports such as 8080 or 31000-31005",
		(int)(value - 1 - variable) < QUOTED ? (int)(value - 1 - variable) : QUOTED,
		variable, QUOTED, value);
}

static int add(const char *variable, const char *value, struct cgfence_policy *policy,
	       struct cgfence_error *error)
{
	if (!is_ports(value) || cgfence_policy_add_ports(policy, "tcp", value, NULL) ||
	    cgfence_policy_add_ports(policy, "udp", value, NULL))
		return refuse(variable, value, error);
	return 0;
}

static bool has_name(const char *variable, const char *value, const char *pattern)
{
	cleanup_free char *name = strndup(variable, (size_t)(value - 1 - variable));

	return name && fnmatch(pattern, name, 0) == 0;
}

static int visit(const char *environment, const char *end, const char *pattern,
		 struct cgfence_policy *policy, size_t *count, struct cgfence_error *error)
{
	*count = 0;
	for (const char *variable = environment; variable < end; variable += strlen(variable) + 1) {
		const char *value = strchr(variable, '=');
		int result;

		if (!value || !has_name(variable, ++value, pattern))
			continue;
		++*count;
		result = add(variable, value, policy, error);
		if (result)
			return result;
	}
	return 0;
}

int job_ports_add(const char *environment, size_t length, const char *pattern,
		  struct cgfence_policy *policy, struct cgfence_error *error)
{
	cleanup_free char *text = malloc(length + 1);
	struct cgfence_policy *trial = NULL;
	size_t count;
	int result;

	if (!text)
		return error_out_of_memory(error);
	memcpy(text, environment, length);
	/* The process may have overwritten the last byte. */
	text[length] = '\0';
	/* Tried on another policy first, so that this one is left alone if any variable is wrong. */
	result = cgfence_policy_new(NULL, &trial, error);
	if (result == 0)
		result = visit(text, text + length, pattern, trial, &count, error);
	cgfence_policy_free(trial);
	if (result == 0 && count == 0)
		result = error_set(error, ENOENT,
				   "the process has no variable '%s' in its environment", pattern);
	return result ? result : visit(text, text + length, pattern, policy, &count, error);
}

int job_ports_open(const char *name, int *process, struct cgfence_error *error)
{
	char path[32];
	int code;
	int fd;

	if (strncmp(name, "pid:", 4) != 0 ||
	    (strcmp(name + 4, "self") != 0 &&
	     (!name[4] || strlen(name + 4) > 10 || name[4 + strspn(name + 4, "0123456789")])))
		return error_set_invalid(
			error, "'%s' is no process whose environment could be read; give pid:N",
			name);
	snprintf(path, sizeof(path), "/proc/%s", name + 4);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	code = errno;
	if (fd < 0 && access("/proc/self", F_OK) < 0)
		return error_set(error, ENOENT, "cannot read %s: is /proc mounted?", path);
	if (fd < 0)
		return error_set(error, code == ENOENT ? ESRCH : code,
				 "there is no process %s here", name + 4);
	*process = fd;
	return 0;
}

static int read_all(int fd, char *text, size_t *length)
{
	*length = 0;
	while (*length <= JOB_ENVIRONMENT_MAX) {
		ssize_t got = read(fd, text + *length, JOB_ENVIRONMENT_MAX + 1 - *length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		*length += (size_t)got;
	}
	return -E2BIG;
}

int job_ports_read(int process, const char *pattern, struct cgfence_policy *policy,
		   struct cgfence_error *error)
{
	cleanup_close int fd = openat(process, "environ", O_RDONLY | O_CLOEXEC);
	cleanup_free char *text = malloc(JOB_ENVIRONMENT_MAX + 1);
	size_t length = 0;
	int result;

	if (!text)
		return error_out_of_memory(error);
	result = fd < 0 ? -errno : read_all(fd, text, &length);
	if (result == -E2BIG)
		return error_set(error, E2BIG,
				 "the environment of the process is longer than %d bytes",
				 JOB_ENVIRONMENT_MAX);
	if (result)
		return error_set(error, -result, "cannot read the environment of the process: %s",
				 strerror(-result));
	return job_ports_add(text, length, pattern, policy, error);
}

int job_ports_check_alive(int process, struct cgfence_error *error)
{
	char byte;
	cleanup_close int fd = openat(process, "stat", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, &byte, 1) == 1)
		return 0;
	return error_set(error, ESRCH, "the process has ended meanwhile");
}
