/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The places of standing fences with the programs of kernel/member_programs.h, which look through the chain of an anchor.
 * pins_lock_shared() is held.
 *
 * The kernel calls those programs with cgroup_mutex held. Who has had the lock since a change was made knows that no call
 * that saw the state before goes on: the kernel takes it to tell the programs on a cgroup.
 */
#pragma once

#include "kernel/member_programs.h"

struct member_places {
	struct cgfence_place *places;
	uint64_t *cells;
};

/** member_places_map() - map them; to be given to member_places_unmap(). */
int member_places_map(const struct member_programs *programs, struct member_places *places,
		      struct cgfence_error *error);

/**
 * member_places_add_lost() - one more member found no room; no lock is needed.
 * @state: the map of the places
 * @listed: it is in the map of lost members
 */
int member_places_add_lost(int state, uint32_t number, bool listed);

/** member_places_unmap() - end that. */
void member_places_unmap(struct member_places *places);

#define cleanup_member_places __attribute__((cleanup(member_places_unmap)))

/** member_places_find_free() - the number of a place that no fence has; -ENOSPC. */
int member_places_find_free(const struct member_places *places);

/**
 * member_places_link() - let the programs find a place that is filled in, and wait until they do.
 *
 * Return: 0, -E2BIG if the chain is too long, another -errno.
 */
int member_places_link(const struct member_places *places, uint32_t number);

/** member_places_unlink() - let them find it no more, and wait until none goes by it. Return: 0 or -errno. */
int member_places_unlink(const struct member_places *places, uint32_t number);
