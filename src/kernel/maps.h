/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of a fence, made or found again through a program that uses them. */
#pragma once

#include "base/cleanup.h"

#include <cgfence/cgfence.h>

/* Descriptors, -1 if not open. */
struct fence_maps {
	int policy;
	int counters;
	int denials;
	int asked;
	int members; /* of a standing fence, with its state */
	int state;
	int lost;
	int own;	    /* of the whole host, where programs may be shared (kernel/own.h) */
	int records;	    /* likewise */
	int events;	    /* of the whole host */
	uint32_t policy_id; /* id of the policy map in the kernel, 0 if it was not asked for */
	uint32_t
		source_id; /* likewise of the policy as it was written, which few need; 0 if there is none */
};

#define FENCE_MAPS_CLOSED                                                                \
	{                                                                                \
		.policy = -1, .counters = -1, .denials = -1, .asked = -1, .members = -1, \
                                                                                         \
		.state = -1, .lost = -1, .own = -1, .records = -1, .events = -1          \
	}

static inline void fence_maps_close(struct fence_maps *maps)
{
	cleanup_close_descriptor(&maps->policy);
	cleanup_close_descriptor(&maps->counters);
	cleanup_close_descriptor(&maps->denials);
	cleanup_close_descriptor(&maps->asked);
	cleanup_close_descriptor(&maps->members);
	cleanup_close_descriptor(&maps->state);
	cleanup_close_descriptor(&maps->lost);
	cleanup_close_descriptor(&maps->own);
	cleanup_close_descriptor(&maps->records);
	cleanup_close_descriptor(&maps->events);
}

#define cleanup_maps __attribute__((cleanup(fence_maps_close)))

/** fence_maps_slot() - where the descriptor of a map with this name belongs; NULL if in none of them. */
int *fence_maps_slot(struct fence_maps *maps, const char *name);

/**
 * fence_maps_find() - open the maps that a program uses.
 * @program: its descriptor
 */
int fence_maps_find(int program, struct fence_maps *maps, struct cgfence_error *error);

/** A function that is given a map of a program. Return: true to see no more. It may take over the descriptor. */
typedef bool fence_map_visitor(int *map, const struct bpf_map_info *info, uint32_t id,
			       void *context);

/** fence_maps_for_each() - visit all maps that a program uses. */
int fence_maps_for_each(int program, fence_map_visitor *visit, void *context,
			struct cgfence_error *error);

/** fence_maps_find_policy() - open only the policy map; @fd receives its descriptor. */
int fence_maps_find_policy(int program, int *fd, struct cgfence_error *error);

/** fence_maps_id() - the id of an open map; 0 if it cannot be told. */
uint32_t fence_maps_id(int map);

/** fence_maps_has_name() - has a map this name, by which it is found again through a program? If in doubt, no. */
bool fence_maps_has_name(int map, const char *name);

/** fence_maps_use() - does a program use a map? Return: 1, 0, or -errno if it cannot be told. */
int fence_maps_use(int program, uint32_t map_id);

/** fence_maps_have_policy_of() - does a program use the policy in these maps? If in doubt, no. */
bool fence_maps_have_policy_of(const struct fence_maps *maps, int program);

/** fence_maps_create_policy() - put an image into a frozen map of its own; @fd receives its descriptor. */
int fence_maps_create_policy(const struct cgfence_image *image, int *fd,
			     struct cgfence_error *error);

/** fence_maps_read_image() - read an image back and check it; @image receives it, to be given to free(). */
int fence_maps_read_image(int policy_fd, struct cgfence_image **image, struct cgfence_error *error);

/**
 * fence_maps_check_names() - do maps get the names that fence_maps_find() looks for?
 *
 * libbpf leaves the names out if its probe for them fails, for whatever reason (probe_kern_prog_name).
 */
int fence_maps_check_names(const struct fence_maps *maps, struct cgfence_error *error);

/** fence_maps_open_events() - open the ring buffer of events; makes and pins it if needed. */
int fence_maps_open_events(int *fd, struct cgfence_error *error);

/** fence_maps_create_events() - make the ring buffer of a fence that learns. */
int fence_maps_create_events(int *fd, struct cgfence_error *error);

/** fence_maps_find_events() - open the ring buffer that a program writes to, which is that of the host for most. */
int fence_maps_find_events(int program, int *fd, struct cgfence_error *error);
