/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes of a command that left the cgroup of its fence, as those of a container engine do. The kernel tells nobody
 * when a process moves, so they are looked for.
 */
#pragma once

#include <cgfence/cgfence.h>

/* So many cgroups are named in messages; further ones are not looked for. */
#define STRAYS_MAX 8

struct strays {
	const struct cgfence_cgroup *fence;
	char *places[STRAYS_MAX]; /* paths of the cgroups that were named already */
	size_t count;
};

/**
 * strays_look_at() - say so if a process is outside of the fence, once for each cgroup where one is.
 * @parent: of @pid; with another parent the number was used again, and this does nothing
 *
 * A process that has ended and was not waited for can be looked at too.
 *
 * Return: is @pid outside?
 */
bool strays_look_at(struct strays *strays, pid_t pid, pid_t parent);

/** strays_look_below() - the same for all processes that descend from @ancestor; at most some thousand of them. */
void strays_look_below(struct strays *strays, pid_t ancestor);

/** strays_free() - forget what was named. */
void strays_free(struct strays *strays);
