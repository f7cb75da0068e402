/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The membership of one standing fence: a place with the programs of the host
 * (kernel/member_programs.h), which keep a map of its members. It cannot be changed. For other exceptions or more room,
 * another one is made beside it, and the programs of the fence go over to that.
 *
 * The map is pinned in the directory of the fence, under the number of the place, before the place is taken, and until
 * it is free again. So what a killed command left is found by the pins.
 */
#pragma once

#include "kernel/maps.h"
#include "kernel/membership_pins.h"

struct membership {
	int members; /* maps, all but this one of the host */
	int state;
	int gone;
	int lost;
	uint32_t place;
	bool passing; /* it was made by this command, whose fence does not go by it yet */
};

#define MEMBERSHIP_CLOSED                                          \
	{                                                          \
		.members = -1, .state = -1, .gone = -1, .lost = -1 \
	}

/* So many members have room at first; 4 KiB of memory are for that. */
#define MEMBERSHIP_ROOM 256
#define MEMBERSHIP_ROOM_MAX (1U << 20)

/**
 * membership_make() - make the map of the members and take a place; the first loads the programs.
 * @image: of the fence, with its anchor; its lock is held
 * @room: for how many members
 * @old: its names of removed members are kept; closed if there is none
 * @made: receives it, passing, to be given to membership_close() and before that, if it comes to nothing, to
 * membership_remove()
 */
int membership_make(const struct cgfence_image *image, uint32_t room, const struct membership *old,
		    struct membership *made, struct cgfence_error *error);

/**
 * membership_start() - tell the programs of it. What is made and removed from then on is seen, and what was made before
 * is there to be found.
 */
int membership_start(const struct cgfence_image *image, const struct membership *membership,
		     struct cgfence_error *error);

/**
 * membership_open() - find it again.
 * @image: of the fence
 * @maps: of its programs
 *
 * Return: 0, -ENOENT if it is not whole, or the programs of the host are not attached; another -errno.
 */
int membership_open(const struct cgfence_image *image, const struct fence_maps *maps,
		    struct membership *membership, struct cgfence_error *error);

/** membership_close() - close the descriptors. */
void membership_close(struct membership *membership);

#define cleanup_membership __attribute__((cleanup(membership_close)))

/** membership_lost() - how many members found no room. */
int membership_lost(const struct membership *membership, uint64_t *lost,
		    struct cgfence_error *error);

/** membership_note_lost() - one more. @id: of the cgroup */
int membership_note_lost(const struct membership *membership, uint64_t id);

/**
 * membership_list() - the members that a map has.
 * @ids: receives their ids in ascending order, each once, to be given to free()
 *
 * Return: 0 or -errno.
 */
int membership_list(int members, uint64_t **ids, size_t *count);

/** membership_has() - is a cgroup among them? If in doubt, no. */
bool membership_has(int members, uint64_t id);

/** membership_room() - for how many members a map has room; 0 if that cannot be told. */
uint32_t membership_room(int members);
