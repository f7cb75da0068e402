/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The remains of commands in the kernel. */
#pragma once

#include <cgfence/cgfence.h>
#include <stdbool.h>
#include <stddef.h>

#define REMAINS_TEXT_SIZE 512

/** remains_begin() - count all that the kernel holds now as somebody else's. */
void remains_begin(void);

/**
 * remains_settle() - wait until nothing but pinned links is attached to a cgroup.
 *
 * The kernel frees the objects of a killed process, some of them only a grace period later.
 *
 * Return: false if that takes too long; @text names the remains then.
 */
bool remains_settle(const struct cgfence_cgroup *cgroup, char text[REMAINS_TEXT_SIZE]);

/** remains_tolerate() - count a program on a hook that is to be there, of somebody else; 0 for none. */
void remains_tolerate(uint32_t program);

/** remains_host_pins() - the number of pins that all fences share. */
unsigned int remains_host_pins(void);

/** remains_torn() - did the last command leave something for the next one to repair or remove? */
bool remains_torn(const struct cgfence_cgroup *cgroup);

/**
 * remains_none() - wait until nothing is left of the fences of some cgroups: no pin, no program on a hook, no program, map
 * or link that was made for them since remains_begin().
 *
 * Return: as remains_settle().
 */
bool remains_none(struct cgfence_cgroup *const *cgroups, size_t count,
		  char text[REMAINS_TEXT_SIZE]);
