/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The directories in which a named cgroup may appear, and what its name must match there. */
#pragma once

#include <cgfence/cgfence.h>

struct place {
	int watch; /* descriptor of inotify(7) */
	char *component;
};

/* All zero is none. */
struct places {
	struct place *items;
	size_t count;
	size_t capacity;
};

/**
 * places_add() - watch the directories in which cgroups may appear that a name needs, as far as they exist.
 * @inotify: the instance; a watch that exists stays
 * @name: of a cgroup, or a pattern
 * @problem: receives why a directory cannot be watched for want of room; left alone otherwise
 */
int places_add(struct places *places, int inotify, const char *name, struct cgfence_error *problem,
	       struct cgfence_error *error);

/** places_replace() - put @next, which becomes empty, in place of @places; ends the watches that it does not have. */
void places_replace(struct places *places, struct places *next, int inotify);

/** places_fit() - may a cgroup of this name be wanted in the directory of a watch? Only after places_replace(). */
bool places_fit(const struct places *places, int watch, const char *name);

/** places_free() - free them. */
void places_free(struct places *places);
