/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The device programs of others whose place a fence has taken. They are pinned beside its links, each under a name that
 * tells where it was attached and how, so that they outlive their owners and can be put back.
 */
#pragma once

#include "cgroup/hierarchy.h"

#include <stddef.h>
#include <stdint.h>

struct adopted_program {
	uint64_t cgroup_id; /* where it is attached, or was */
	uint32_t order;	    /* among those of its cgroup, from 0 */
	uint32_t flags;	    /* with which it was attached */
	uint32_t id;
	int fd;
};

struct adopted {
	struct adopted_program *programs; /* by cgroup, then in their order */
	size_t count;
};

/** adopted_read() - open the pinned programs of a fence. @adopted: receives them, to be given to adopted_release(). */
int adopted_read(uint64_t id, struct adopted *adopted, struct cgfence_error *error);

/** adopted_read_detaching() - the same of a fence that is being detached. */
int adopted_read_detaching(uint64_t id, struct adopted *adopted, struct cgfence_error *error);

/**
 * adopted_find() - open the programs on a cgroup whose place a fence may take.
 * @cgroup: descriptor of its directory
 * @cgroup_id: its id
 * @adopted: receives them, behind those that it has
 *
 * Programs of cgfence are left out.
 *
 * Return: 0, -EPERM for one that could not be put back or whose place cannot be taken without a gap, another -errno.
 */
int adopted_find(int cgroup, uint64_t cgroup_id, const char *path, struct adopted *adopted,
		 struct cgfence_error *error);

/**
 * adopted_find_any() - list the programs of others on a cgroup, whether or not a fence may take their place.
 * @adopted: receives them behind those that it has, without descriptors
 *
 * Return: 0, also if the cgroup is gone, or -errno.
 */
int adopted_find_any(int cgroup, uint64_t cgroup_id, struct adopted *adopted);

/** adopted_are_known() - is each of the programs like one of those that a fence keeps? Without one of them, no. */
bool adopted_are_known(const struct adopted *kept, const struct adopted *found);

/**
 * adopted_is_like() - do two programs answer alike, as far as can be seen without asking them?
 *
 * They have the same name, if any, consist of the same instructions, and have no map that could tell them apart. If in
 * doubt, no.
 */
bool adopted_is_like(const struct adopted_program *a, const struct adopted_program *b);

/** adopted_release() - close the descriptors. */
void adopted_release(struct adopted *adopted);

#define cleanup_adopted __attribute__((cleanup(adopted_release)))

/** adopted_pin() - pin the programs beside the links of a fence: all or none. */
int adopted_pin(uint64_t id, const struct adopted *adopted, struct cgfence_error *error);

/** adopted_pin_one() - pin one of them. */
int adopted_pin_one(uint64_t id, const struct adopted_program *program,
		    struct cgfence_error *error);

/**
 * adopted_part() - part what a fence keeps by what has come back.
 * @predecessors: receives as many as @found has, each the one in whose place that has come: it is like it, or else has the
 *	same name, and is on the same cgroup; NULL where it has come in the place of none. One has one successor at most
 * @staying: receives those that have none
 *
 * Both point into @kept or share its descriptors: give @predecessors, and the programs of @staying, to free() alone.
 *
 * Return: 0 or -ENOMEM.
 */
int adopted_part(const struct adopted *kept, const struct adopted *found,
		 const struct adopted_program ***predecessors, struct adopted *staying);

/**
 * adopted_swap() - keep what has come back in the place of what it replaces by adopted_part(); what replaces none is added.
 * @kept: of the fence
 *
 * Return: 0, -EPERM if they are more than a cgroup takes beside the fence, another -errno.
 */
int adopted_swap(uint64_t id, const struct adopted *kept, const struct adopted *adopted,
		 struct cgfence_error *error);

/**
 * adopted_drop_succeeded() - leave out those that their owner has replaced, and that therefore need not be put back.
 *
 * The new one is attached where the old one was, and is like it or has the same name, which is not empty.
 *
 * Return: 0 or -errno.
 */
int adopted_drop_succeeded(struct adopted *kept);

/** adopted_unpin_one() - remove the pin of one of them. */
void adopted_unpin_one(uint64_t id, const struct adopted_program *program);

/** adopted_unpin() - remove all such pins of a fence. */
void adopted_unpin(uint64_t id);

/** adopted_unpin_detaching() - the same of a fence that is being detached. */
void adopted_unpin_detaching(uint64_t id);

/** adopted_are_pinned() - has a fence such pins? */
bool adopted_are_pinned(uint64_t id);

/** adopted_are_attached() - is any of the programs attached where it was? If in doubt, no. */
bool adopted_are_attached(const struct adopted *adopted);

/**
 * adopted_attach() - attach again those that are not attached: all or none of them.
 *
 * A cgroup that is gone needs none.
 */
int adopted_attach(const struct adopted *adopted, struct cgfence_error *error);

/** adopted_detach() - detach those that are attached; a fence must be in force. */
int adopted_detach(const struct adopted *adopted, struct cgfence_error *error);
