/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the rows from the kernel: all fences of the host, or the members of a standing one. */
#pragma once

#include "top/looks.h"
#include "top/turn.h"

struct sampler {
	struct top_rows rows;
	struct turn turn;
	size_t open;		  /* how many rows keep their fence open */
	size_t open_max;	  /* more would need more descriptors than there are */
	struct cgfence_fence *of; /* whose members the rows are; NULL if they are fences */
	uint64_t of_id;		  /* the id of that */
	char *pattern;		  /* its pattern, printable */
	size_t next_look;	  /* the row whose listeners are looked for next */
};

/** sampler_init() - begin with no rows; takes as many descriptors as this process may have. */
void sampler_init(struct sampler *sampler);

/** sampler_release() - close and free what it has. */
void sampler_release(struct sampler *sampler);

/** sampler_enter() - go over to the members of a standing fence; @error: why it cannot be opened */
int sampler_enter(struct sampler *sampler, uint64_t id, struct cgfence_error *error);

/** sampler_begin() - begin a turn: find out which rows there are. -ENOENT if the fence with the members is gone. */
int sampler_begin(struct sampler *sampler, struct cgfence_error *error);

/** sampler_step() - read some of the rows. Return: are there more in this turn? */
bool sampler_step(struct sampler *sampler);

/**
 * sampler_read_subjects() - read the last refusals of some rows, whose fences are opened anew for that.
 * @places: of the rows
 */
void sampler_read_subjects(struct sampler *sampler, const size_t *places, size_t count,
			   struct top_looks *looks);

/**
 * sampler_look() - look for listeners in excess of the fence of a row; for a member, of all members.
 *
 * Return: false if the fence has no ports, and there is nothing to look for.
 */
bool sampler_look(struct sampler *sampler, size_t place, struct top_looks *looks);

/** sampler_look_on() - the same for the row after that of the last call. */
bool sampler_look_on(struct sampler *sampler, struct top_looks *looks);
