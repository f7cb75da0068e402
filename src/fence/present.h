/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The present state of a fence in the kernel. */
#pragma once

#include "kernel/maps.h"
#include "kernel/membership.h"
#include "kernel/link.h"

struct fence_present {
	struct link links[HOOKS_MAX]; /* fd -1 where there is none */
	struct fence_maps maps;	      /* of the newest generation */
	struct cgfence_image
		*image; /* likewise; NULL if there is none that this version can read */
	struct membership membership; /* of a standing fence; closed if it is not whole */
	bool overflows;		      /* members found no room there */
	bool fenced;		      /* has a link */
	bool unsettled; /* a command was killed while it took the place of programs of others, or gave it back */
	/* A command was killed half way: links differ in generation, or some are missing. Or the anchor is gone. */
	bool torn;
};

/** fence_present_init() - nothing is open. */
void fence_present_init(struct fence_present *present);

/**
 * fence_present_read() - open the links and the maps of a fence.
 * @id: of the fence root
 * @present: initialised; to be given to fence_present_release() also on failure
 *
 * Return: 0, also if there is no fence; -errno.
 */
int fence_present_read(uint64_t id, struct fence_present *present, struct cgfence_error *error);

/** fence_present_judges_devices() - is there a link of the device hook? */
bool fence_present_judges_devices(const struct fence_present *present);

/** fence_present_release() - close and free everything. */
void fence_present_release(struct fence_present *present);

#define cleanup_present __attribute__((cleanup(fence_present_release)))
