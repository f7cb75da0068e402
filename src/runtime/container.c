// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The state that a runtime writes to the standard input of its hooks. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/nearest.h"
#include "runtime/owner.h"
#include "runtime/process.h"
#include "runtime/rules.h"

#include <cgfence/container.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>

/* With all annotations of a pod it is less. */
#define STATE_SIZE_MAX (1024 * 1024)

#define PREFIX "io.cgfence."

static void cleanup_free_json(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json __attribute__((cleanup(cleanup_free_json)))

void cgfence_container_free(struct cgfence_container *container)
{
	free(container->id);
	free(container->bundle);
	free(container->policy);
	free(container->tcp);
	free(container->udp);
	free(container->subgroup);
	*container = (struct cgfence_container){ 0 };
}

static void cleanup_free_container(struct cgfence_container *container)
{
	cgfence_container_free(container);
}

#define cleanup_container __attribute__((cleanup(cleanup_free_container)))

static int refuse(struct cgfence_error *error, const char *key, const char *right)
{
	return error_set_invalid(error, "the state of the container: %s: this must be %s", key,
				 right);
}

static int read_text(int fd, char *text, size_t *length, struct cgfence_error *error)
{
	size_t used = 0;

	while (used <= STATE_SIZE_MAX) {
		ssize_t got = read(fd, text + used, STATE_SIZE_MAX + 1 - used);

		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(error, errno, "cannot read the state of the container: %s",
					 strerror(errno));
		used += (size_t)got;
	}
	if (used > STATE_SIZE_MAX)
		return error_set_invalid(error, "the state of the container is longer than 1 MiB");
	*length = used;
	return 0;
}

static int parse(int fd, json_t **state, struct cgfence_error *error)
{
	cleanup_free char *text = malloc(STATE_SIZE_MAX + 1);
	json_error_t syntax;
	size_t length = 0;
	int result = text ? read_text(fd, text, &length, error) : error_out_of_memory(error);

	if (result)
		return result;
	if (!length)
		return error_set_invalid(
			error,
			"there is no state of a container on standard input, where a runtime writes it for its hooks");
	*state = json_loadb(text, length, JSON_REJECT_DUPLICATES, &syntax);
	if (!*state)
		return error_set_invalid(error,
					 "the state of the container, %d:%d: this is not JSON: %s",
					 syntax.line, syntax.column > 0 ? syntax.column : 1,
					 syntax.text);
	return json_is_object(*state) ? 0 : refuse(error, "all of it", "an object");
}

/* @value: NULL for what is missing */
static int copy_string(const json_t *value, const char *key, char **copy,
		       struct cgfence_error *error)
{
	if (!json_is_string(value) || !json_string_length(value))
		return refuse(error, key, "a string that is not empty");
	*copy = strdup(json_string_value(value));
	return *copy ? 0 : error_out_of_memory(error);
}

static int read_pid(const json_t *state, pid_t *pid, struct cgfence_error *error)
{
	const json_t *value = json_object_get(state, "pid");
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number <= 0 || number > INT_MAX)
		return refuse(error, "pid", "the number of the container's first process");
	*pid = (pid_t)number;
	return 0;
}

/* The container's program runs when its status is another one. runc says creating, crun created. */
static int check_status(const json_t *state, struct cgfence_error *error)
{
	const char *status = json_string_value(json_object_get(state, "status"));

	if (!status)
		return refuse(error, "status", "a string");
	if (strcmp(status, "creating") == 0 || strcmp(status, "created") == 0)
		return 0;
	return error_set_invalid(
		error,
		"the container is '%s' already; a fence is made before that, by a hook of createRuntime or prestart",
		status);
}

static int refuse_annotation(const char *key, struct cgfence_error *error)
{
	struct nearest nearest = nearest_begin(key);
	char hint[NEAREST_HINT_SIZE];

	nearest_try(&nearest, PREFIX "policy");
	nearest_try(&nearest, PREFIX "tcp");
	nearest_try(&nearest, PREFIX "udp");
	return error_set_invalid(error, "unknown annotation '%s'%s", key,
				 nearest_hint(&nearest, hint));
}

static int read_annotation(const char *key, const json_t *value,
			   struct cgfence_container *container, struct cgfence_error *error)
{
	if (strcmp(key, "run.oci.systemd.subgroup") == 0)
		container->subgroup = strdup(json_is_string(value) ? json_string_value(value) : "");
	if (strncmp(key, PREFIX, sizeof(PREFIX) - 1) != 0)
		return 0;
	if (strcmp(key, PREFIX "policy") == 0)
		return copy_string(value, key, &container->policy, error);
	if (strcmp(key, PREFIX "tcp") == 0)
		return copy_string(value, key, &container->tcp, error);
	if (strcmp(key, PREFIX "udp") == 0)
		return copy_string(value, key, &container->udp, error);
	return refuse_annotation(key, error);
}

static int read_annotations(const json_t *state, struct cgfence_container *container,
			    struct cgfence_error *error)
{
	json_t *annotations = json_object_get(state, "annotations");
	const char *key;
	json_t *value;
	int result = 0;

	if (annotations && !json_is_null(annotations) && !json_is_object(annotations))
		return refuse(error, "annotations", "an object");
	json_object_foreach (annotations, key, value) {
		result = read_annotation(key, value, container, error);
		if (result)
			break;
	}
	return result;
}

int cgfence_container_read(int fd, struct cgfence_container *container, struct cgfence_error *error)
{
	cleanup_container struct cgfence_container read = { 0 };
	cleanup_json json_t *state = NULL;
	int result = parse(fd, &state, error);

	if (result == 0)
		result = copy_string(json_object_get(state, "id"), "id", &read.id, error);
	if (result == 0)
		result = copy_string(json_object_get(state, "bundle"), "bundle", &read.bundle,
				     error);
	if (result == 0 && read.bundle && *read.bundle != '/')
		result = refuse(error, "bundle", "an absolute path");
	if (result == 0)
		result = check_status(state, error);
	if (result == 0)
		result = read_pid(state, &read.pid, error);
	if (result == 0)
		result = read_annotations(state, &read, error);
	if (result)
		return result;
	*container = read;
	read = (struct cgfence_container){ 0 };
	return 0;
}

bool cgfence_container_is_below(const struct cgfence_container *container, const char *cgroup)
{
	const char *name = container->subgroup ? container->subgroup : "container";
	cleanup_free char *unit = owner_by_unit(cgroup);
	const char *last = strrchr(cgroup, '/');
	size_t length = unit ? strlen(unit) : 0;

	if (!length || !last || !*name || strcmp(last + 1, name) != 0)
		return false;
	return (size_t)(last - cgroup) > length && last[-(ptrdiff_t)length - 1] == '/' &&
	       strncmp(last - length, unit, length) == 0;
}

static const char *runtime_above(void)
{
	struct process runtime;

	if (!process_read(getppid(), &runtime))
		return "runc";
	process_read_more(&runtime);
	return strstr(runtime.comm, "crun") || strstr(process_base_name(runtime.program), "crun")
		       ? "crun"
		       : "runc";
}

int cgfence_container_read_rules(const struct cgfence_container *container,
				 struct cgfence_rules *rules, struct cgfence_error *error)
{
	return rules_read_bundle(container->bundle, runtime_above(), rules, error);
}
