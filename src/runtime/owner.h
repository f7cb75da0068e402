/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose a cgroup is: that of a container, of a unit, of a scheduler's job. */
#pragma once

#include <cgfence/cgfence.h>
#include <cgfence/foreign.h>
#include <jansson.h>

/**
 * owner_by_name() - what the name of a cgroup says of its owner.
 * @cgroup: a path below the cgroup2 root
 * @text: receives such as "the unit nginx.service"; empty if the name says nothing
 */
void owner_by_name(const char *cgroup, char text[CGFENCE_OWNER_TEXT_SIZE]);

/** owner_by_unit() - the unit that a cgroup is named after, to be given to free(); NULL if there is none. */
char *owner_by_unit(const char *cgroup);

/**
 * owner_find_state() - where a container runtime keeps the state of the container that has a cgroup.
 * @cgroup: a path below the cgroup2 root
 * @path: receives the path, to be given to free()
 *
 * Return: the runtime, static; NULL if there is none.
 */
const char *owner_find_state(const char *cgroup, char **path);

/** owner_read_state() - read such a file, to be given to json_decref(). Return: NULL if it is none that root wrote. */
json_t *owner_read_state(const char *path);

/* More in one cgroup are not told apart. */
#define OWNER_PROCESSES_MAX 8

struct owner_process {
	pid_t pid; /* as the state of the container has it, which may be out of date */
	char container[CGFENCE_OWNER_TEXT_SIZE];
};

struct owner_processes {
	struct owner_process items[OWNER_PROCESSES_MAX];
	size_t count;
};

/** owner_first_processes() - the first process of each container that has a cgroup, by the states of their runtimes. */
void owner_first_processes(const char *cgroup, struct owner_processes *processes);

/**
 * owner_subgroup() - what the cgroup for the processes is called that crun makes below that of a container.
 *
 * It is `container` unless the state of the container has another one below @cgroup, as an annotation has crun make it.
 *
 * Return: the name, to be given to free(); NULL if out of memory.
 */
char *owner_subgroup(const char *cgroup);
