// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/owner.h"
#include "base/cleanup.h"
#include "base/json_clamp.h"

#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

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

/* Where runc takes the unified hierarchy to be, alone and beside others (libcontainer/cgroups/utils.go). */
#define UNIFIED_POINT "/sys/fs/cgroup"
#define HYBRID_POINT UNIFIED_POINT "/unified"

/* crun calls it so, unless an annotation of the container does otherwise. */
#define SUBGROUP "container"
#define SUBGROUP_ANNOTATION "run.oci.systemd.subgroup"

static const char *below(const char *path, const char *point)
{
	size_t length = strlen(point);

	return strncmp(path, point, length) == 0 && path[length] == '/' ? path + length : NULL;
}

/* Without it a cgroup "unified" of the one hierarchy would be taken for the mount point. */
static bool is_unified(void)
{
	struct statfs status;

	return statfs(UNIFIED_POINT, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

/* runc writes the path with its mount point. */
static bool is_of_runc(const json_t *state, const char *cgroup)
{
	const char *path =
		json_string_value(json_object_get(json_object_get(state, "cgroup_paths"), ""));
	const char *hybrid = path ? below(path, HYBRID_POINT) : NULL;
	const char *found = !path		      ? NULL
			    : hybrid && !is_unified() ? hybrid
						      : below(path, UNIFIED_POINT);

	return found && strcmp(found, cgroup) == 0;
}

static bool is_annotated(const json_t *state, const char *subgroup)
{
	const char *bundle = json_string_value(json_object_get(state, "bundle"));
	cleanup_free char *path = NULL;
	json_t *config;
	const char *annotation;
	bool is;

	if (!bundle || asprintf(&path, "%s/config.json", bundle) < 0) {
		path = NULL;
		return false;
	}
	config = owner_read_state(path);
	annotation = json_string_value(
		json_object_get(json_object_get(config, "annotations"), SUBGROUP_ANNOTATION));
	is = annotation && strcmp(annotation, subgroup) == 0;
	json_decref(config);
	return is;
}

/* Return: the one component that leads from @above to @path, or NULL. */
static const char *last_below(const char *path, const char *above)
{
	const char *rest = above[1] ? below(path, above) : NULL;

	return rest && rest[1] && !strchr(rest + 1, '/') ? rest + 1 : NULL;
}

/* crun makes a cgroup below that of its state, or has written that one, whose parent is the unit. */
static bool is_of_crun(const json_t *state, const char *cgroup)
{
	const char *path = json_string_value(json_object_get(state, "cgroup-path"));
	const char *subgroup;
	const char *made;

	if (!path || *path != '/')
		return false;
	subgroup = last_below(path, cgroup);
	made = last_below(cgroup, path);
	return strcmp(cgroup, path) == 0 || (made && strcmp(made, SUBGROUP) == 0) ||
	       (subgroup && (strcmp(subgroup, SUBGROUP) == 0 || is_annotated(state, subgroup)));
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

/* Is given the path of a state. Return: true to see no more. */
typedef bool state_visitor(const char *path, const struct state_place *place, void *context);

/* Return: true if @visit did. */
static bool visit_states_of(const struct state_place *place, const char *cgroup,
			    state_visitor *visit, void *context)
{
	unsigned int others = 0;
	bool ended = false;
	glob_t states = { 0 };

	if (glob(place->pattern, GLOB_NOSORT, NULL, &states))
		states.gl_pathc = 0;
	for (size_t i = 0; i < states.gl_pathc && !ended; i++) {
		const char *path = states.gl_pathv[i];

		if (has_id(cgroup, path) || ++others <= STATES_READ_MAX)
			ended = matches(place, path, cgroup) && visit(path, place, context);
	}
	globfree(&states);
	return ended;
}

static void visit_states(const char *cgroup, state_visitor *visit, void *context)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (visit_states_of(&places[i], cgroup, visit, context))
			break;
	}
}

struct first_state {
	char *path;
	const char *runtime;
};

static bool take_first(const char *path, const struct state_place *place, void *context)
{
	struct first_state *first = context;

	first->path = strdup(path);
	first->runtime = place->runtime;
	return true;
}

const char *owner_find_state(const char *cgroup, char **path)
{
	struct first_state first = { 0 };

	visit_states(cgroup, take_first, &first);
	*path = first.path;
	return first.path ? first.runtime : NULL;
}

/* ---- its processes ---- */

static pid_t first_process(const char *path, const char *runtime)
{
	json_t *state = owner_read_state(path);
	const char *key = strcmp(runtime, "runc") == 0 ? "init_process_pid" : "pid";
	json_int_t pid = json_integer_value(json_object_get(state, key));

	json_decref(state);
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

static void describe(const char *path, const char *runtime, char text[CGFENCE_OWNER_TEXT_SIZE])
{
	const char *id;
	int length = find_id(path, &id);

	snprintf(text, CGFENCE_OWNER_TEXT_SIZE, "the container %.*s of %s", length, id, runtime);
}

static bool take_process(const char *path, const struct state_place *place, void *context)
{
	struct owner_processes *processes = context;
	struct owner_process *next = &processes->items[processes->count];

	next->pid = first_process(path, place->runtime);
	describe(path, place->runtime, next->container);
	processes->count += next->pid != 0;
	return processes->count == OWNER_PROCESSES_MAX;
}

void owner_first_processes(const char *cgroup, struct owner_processes *processes)
{
	*processes = (struct owner_processes){ 0 };
	visit_states(cgroup, take_process, processes);
}

char *owner_subgroup(const char *cgroup)
{
	cleanup_free char *path = NULL;
	const char *runtime = owner_find_state(cgroup, &path);
	json_t *state = runtime && strcmp(runtime, "crun") == 0 ? owner_read_state(path) : NULL;
	const char *processes = json_string_value(json_object_get(state, "cgroup-path"));
	const char *name = processes ? last_below(processes, cgroup) : NULL;
	char *copy = strdup(name ? name : SUBGROUP);

	json_decref(state);
	return copy;
}

void cgfence_cgroup_owner(const char *cgroup, char text[CGFENCE_OWNER_TEXT_SIZE])
{
	cleanup_free char *path = NULL;
	const char *runtime = owner_find_state(cgroup, &path);

	if (runtime)
		describe(path, runtime, text);
	else
		owner_by_name(cgroup, text);
}
