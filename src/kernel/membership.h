/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What decides which cgroups are members of a standing fence: two programs on tracepoints, which keep a map of the
 * members. It cannot be changed. For other exceptions or more room, another one is made beside it, and the programs of
 * the fence go over to that.
 */
#pragma once

#include "kernel/maps.h"

struct membership {
	int members; /* maps */
	int state;
	int gone;
	int mkdir; /* the programs, or the links by which they were found */
	int rmdir;
};

#define MEMBERSHIP_CLOSED                                                        \
	{                                                                        \
		.members = -1, .state = -1, .gone = -1, .mkdir = -1, .rmdir = -1 \
	}

/* So many members have room at first; 4 KiB of memory are for that. */
#define MEMBERSHIP_ROOM 256
#define MEMBERSHIP_ROOM_MAX (1U << 20)

/**
 * membership_load() - make the maps and load the programs.
 * @image: of the fence, with its pattern and exceptions
 * @room: for how many members
 * @old: its names of removed members are kept; none are open if there is none
 * @made: receives it, to be given to membership_close()
 */
int membership_load(const struct cgfence_image *image, uint32_t room, const struct membership *old,
		    struct membership *made, struct cgfence_error *error);

/**
 * membership_start() - attach and pin the programs, which then see what is made and removed.
 * @id: of the fence
 * @number: of the pins, 0 or 1
 */
int membership_start(uint64_t id, uint32_t number, const struct membership *membership,
		     struct cgfence_error *error);

/**
 * membership_open() - find it again by its pins.
 *
 * Return: 0, -ENOENT if it is not whole, another -errno.
 */
int membership_open(uint64_t id, uint32_t number, struct membership *membership,
		    struct cgfence_error *error);

/** membership_is_there() - is any pin of that number there? */
bool membership_is_there(uint64_t id, uint32_t number);

/** membership_remove() - remove the pins of that number, and with them the programs. */
void membership_remove(uint64_t id, uint32_t number);

/** membership_remove_all() - those of both numbers; @detaching: in the directory of a fence that is being detached. */
void membership_remove_all(uint64_t id, bool detaching);

/** membership_close() - close the descriptors. */
void membership_close(struct membership *membership);

#define cleanup_membership __attribute__((cleanup(membership_close)))

/** membership_read_state() - how many members found no room, and the rest of its state. */
int membership_read_state(int state, struct cgfence_membership_state *read,
			  struct cgfence_error *error);

/**
 * membership_list() - the members that a map has.
 * @ids: receives their ids in ascending order, each once, to be given to free(); NULL if there are none
 *
 * Return: 0 or -errno.
 */
int membership_list(int members, uint64_t **ids, size_t *count);

/** membership_has() - is a cgroup among them? If in doubt, no. */
bool membership_has(int members, uint64_t id);

/** membership_room() - for how many members a map has room; 0 if that cannot be told. */
uint32_t membership_room(int members);
