/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A turn with the programs of kernel/member_programs.h, whose maps commands about different fences share. */
#pragma once

#include "kernel/member_places.h"

struct member_host {
	int lock;
	struct member_programs programs;
	struct member_places places;
};

#define MEMBER_HOST_CLOSED                                                      \
	{                                                                       \
		.lock = -1, .programs = MEMBER_PROGRAMS_CLOSED, .places = { 0 } \
	}

/**
 * member_host_enter() - begin a turn; to be given to member_host_leave() also on failure.
 * @make: load the programs if they are not there, for which it is -ENOENT else
 */
int member_host_enter(struct member_host *host, bool make, struct cgfence_error *error);

/** member_host_leave() - end it. */
void member_host_leave(struct member_host *host);

#define cleanup_member_host __attribute__((cleanup(member_host_leave)))

/**
 * member_host_free() - free the place of a fence, during no turn.
 * @last: the fence has no other one that goes on with the names of its removed members
 *
 * Return: true, also if it is another one's; false if that cannot be done now.
 */
bool member_host_free(uint64_t fence_id, uint32_t place, bool last);

/** member_host_sweep() - free the places of fences whose directory is gone, during no turn. */
void member_host_sweep(void);
