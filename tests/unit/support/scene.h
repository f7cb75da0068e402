/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Observations that are made by hand, for what the reconciler decides without the kernel. */
#pragma once

#include "reconcile/observation.h"
#include "unit/support/policy_text.h"

#define SCENE_FENCES 3
#define SCENE_SOCKETS 8

/* An observation whose parts live in arrays. Fence i has the id 100 + i, socket i the cookie 1000 + i. */
struct scene {
	struct port_fence fences[SCENE_FENCES];
	struct listener listeners[SCENE_SOCKETS];
	struct cgfence_holder holders[SCENE_SOCKETS]; /* all alike until a test says more */
	struct sighting sightings[SCENE_FENCES * SCENE_SOCKETS];
	struct observation observation;
};

/** scene_begin() - nothing is seen yet, and that completely. */
void scene_begin(struct scene *scene);

/** scene_end() - free what is seen; the test fails if a policy leaked. */
void scene_end(struct scene *scene);

/** scene_set_policy() - let a fence have another policy, JSON with ` for ". */
void scene_set_policy(struct scene *scene, size_t fence, const char *text);

/** scene_add_fence() - a fence below the one before. Return: its index. */
size_t scene_add_fence(struct scene *scene, const char *policy);

/** scene_add_socket() - a listener; @port is in host order. Return: its index. */
size_t scene_add_socket(struct scene *scene, int ip_protocol, const char *address, uint16_t port);

/** scene_add_sighting() - a fence sees a socket that nobody in it holds. */
void scene_add_sighting(struct scene *scene, size_t fence, size_t listener);

/** scene_begin_with_one() - a fence that sees one socket. */
void scene_begin_with_one(struct scene *scene, const char *policy, int ip_protocol,
			  const char *address, uint16_t port);
