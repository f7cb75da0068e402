/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process that looks like a container runtime which sets up its container. */
#pragma once

#include <cgfence/cgfence.h>
#include <sys/types.h>

struct setup_scene {
	pid_t runtime;
	int input; /* of both processes; they end when it is closed */
};

/**
 * setup_begin() - start a runtime whose first process of a container is in a cgroup, and still runs the runtime.
 * @name: of the runtime
 * @command: such as "create"
 */
void setup_begin(struct setup_scene *scene, const struct cgfence_cgroup *cgroup, const char *name,
		 const char *command);

/** setup_leave() - end the runtime; the container's process stays, with another parent. */
void setup_leave(struct setup_scene *scene);

/** setup_end() - end both. */
void setup_end(struct setup_scene *scene);
