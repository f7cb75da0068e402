// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/owner.h"
#include "base/cleanup.h"
#include "base/json_clamp.h"

#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Runtimes keep less than this of a container. */
#define STATE_SIZE_MAX (1024 * 1024)

/*
 * Mostly the name of a container's cgroup holds its id. Where it does not, the states are read one after the other, at
 * most so many of a runtime, since each fence of a host may be asked for.
 */
#define STATES_READ_MAX 64

/* ---- by the names of cgroups ---- */

/* systemd.unit(5); only these have processes. */
static const char *const unit_endings[] = { ".service", ".scope", ".slice",
					    ".socket",	".mount", ".swap" };

static bool is_unit(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(unit_endings) / sizeof(unit_endings[0]); i++) {
		size_t ending = strlen(unit_endings[i]);

		if (length > ending && memcmp(name + length - ending, unit_endings[i], ending) == 0)
			return true;
	}
	return false;
}

/* The deepest component that is a unit: a unit may have made cgroups below its own. */
static bool find_unit(const char *cgroup, const char **unit, int *length)
{
	bool found = false;

	while (*cgroup) {
		size_t size = strcspn(cgroup, "/");

		if (is_unit(cgroup, size)) {
			*unit = cgroup;
			*length = (int)size;
			found = true;
		}
		cgroup += size + (cgroup[size] == '/');
	}
	return found;
}

char *owner_by_unit(const char *cgroup)
{
	const char *unit;
	int length;

	return find_unit(cgroup, &unit, &length) ? strndup(unit, (size_t)length) : NULL;
}

void owner_by_name(const char *cgroup, char text[CGFENCE_OWNER_TEXT_SIZE])
{
	static const char lxc[] = "/lxc.payload.";
	const char *payload = strstr(cgroup, lxc);
	const char *unit;
	int length;

	*text = '\0';
	if (strstr(cgroup, "slurmstepd.scope/"))
		snprintf(text, CGFENCE_OWNER_TEXT_SIZE, "Slurm");
	else if (payload)
		snprintf(text, CGFENCE_OWNER_TEXT_SIZE, "the LXC container %.*s",
			 (int)strcspn(payload + sizeof(lxc) - 1, "/"), payload + sizeof(lxc) - 1);
	else if (find_unit(cgroup, &unit, &length))
		snprintf(text, CGFENCE_OWNER_TEXT_SIZE, "the unit %.*s", length, unit);
}

/* ---- by the state of container runtimes ---- */

/* crun makes a cgroup below that of its state, or has written that one, whose parent is the unit. */
static bool is_of_state(const char *cgroup, const char *path)
{
	static const char below[] = "/container";
	size_t length = strlen(path);
	size_t shorter = strlen(cgroup);

	if (*path != '/')
		return false;
	if (shorter > 1 && shorter < length)
		return strncmp(cgroup, path, shorter) == 0 && strcmp(path + shorter, below) == 0;
	return strncmp(cgroup, path, length) == 0 &&
	       (cgroup[length] == '\0' || strcmp(cgroup + length, below) == 0);
}

/* runc writes the path with its mount point. */
static bool is_of_runc(const json_t *state, const char *cgroup)
{
	const char *path =
		json_string_value(json_object_get(json_object_get(state, "cgroup_paths"), ""));
	size_t length = path ? strlen(path) : 0;

	return length > strlen(cgroup) && strcmp(path + length - strlen(cgroup), cgroup) == 0;
}

static bool is_of_crun(const json_t *state, const char *cgroup)
{
	const char *path = json_string_value(json_object_get(state, "cgroup-path"));

	return path && is_of_state(cgroup, path);
}

/* Where runtimes keep their state, by root alone; engines give them a folder of their own. */
static const struct state_place {
	const char *pattern; /* the folder has the container's id as name */
	const char *runtime;
	bool (*is_of)(const json_t *state, const char *cgroup);
} places[] = {
	{ "/run/runc/*/state.json", "runc", is_of_runc },
	{ "/run/containerd/runc/*/*/state.json", "runc", is_of_runc },
	{ "/run/docker/runtime-*/*/*/state.json", "runc", is_of_runc },
	{ "/run/crun/*/status", "crun", is_of_crun },
	/* ctr has both runtimes in one folder, and Docker names it as its settings name the runtime. */
	{ "/run/containerd/runc/*/*/status", "crun", is_of_crun },
	{ "/run/containerd/crun/*/*/status", "crun", is_of_crun },
	{ "/run/docker/runtime-*/*/*/status", "crun", is_of_crun },
};

static json_t *load(int fd, size_t size)
{
	cleanup_free char *text = malloc(size + 1);
	ssize_t got = text ? pread(fd, text, size, 0) : -1;

	if (got < 0)
		return NULL;
	json_clamp_integers(text, (size_t)got);
	return json_loadb(text, (size_t)got, 0, NULL);
}

json_t *owner_read_state(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != 0 ||
	    status.st_size > STATE_SIZE_MAX)
		return NULL;
	return load(fd, (size_t)status.st_size);
}

static bool matches(const struct state_place *place, const char *path, const char *cgroup)
{
	json_t *state = owner_read_state(path);
	bool is = state && place->is_of(state, cgroup);

	json_decref(state);
	return is;
}

/* The folder of a state has the container's id as name. */
static int find_id(const char *path, const char **id)
{
	const char *end = strrchr(path, '/');

	*id = end;
	while (*id > path && (*id)[-1] != '/')
		--*id;
	return (int)(end - *id);
}

static bool has_id(const char *cgroup, const char *path)
{
	const char *id;
	int length = find_id(path, &id);

	return length && memmem(cgroup, strlen(cgroup), id, (size_t)length);
}

/* Return: the path of the state, to be given to free(); NULL if there is none. */
static char *find_state(const struct state_place *place, const char *cgroup)
{
	unsigned int others = 0;
	char *found = NULL;
	glob_t states = { 0 };

	if (glob(place->pattern, GLOB_NOSORT, NULL, &states))
		states.gl_pathc = 0;
	for (size_t i = 0; i < states.gl_pathc && !found; i++) {
		if (has_id(cgroup, states.gl_pathv[i]) || ++others <= STATES_READ_MAX)
			found = matches(place, states.gl_pathv[i], cgroup)
					? strdup(states.gl_pathv[i])
					: NULL;
	}
	globfree(&states);
	return found;
}

const char *owner_find_state(const char *cgroup, char **path)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		*path = find_state(&places[i], cgroup);
		if (*path)
			return places[i].runtime;
	}
	return NULL;
}

pid_t owner_first_process(const char *cgroup)
{
	cleanup_free char *path = NULL;
	const char *runtime = owner_find_state(cgroup, &path);
	json_t *state = runtime ? owner_read_state(path) : NULL;
	const char *key = runtime && strcmp(runtime, "runc") == 0 ? "init_process_pid" : "pid";
	json_int_t pid = json_integer_value(json_object_get(state, key));

	json_decref(state);
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

void cgfence_cgroup_owner(const char *cgroup, char text[CGFENCE_OWNER_TEXT_SIZE])
{
	cleanup_free char *path = NULL;
	const char *runtime = owner_find_state(cgroup, &path);
	const char *id;
	int length;

	if (!runtime) {
		owner_by_name(cgroup, text);
		return;
	}
	length = find_id(path, &id);
	snprintf(text, CGFENCE_OWNER_TEXT_SIZE, "the container %.*s of %s", length, id, runtime);
}
