/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What commands leave in the kernel. */
#pragma once

#include <cgfence/cgfence.h>
#include <stdbool.h>
#include <stddef.h>

#define REMAINS_TEXT_SIZE 512

/** remains_begin() - take all that the kernel holds by now for somebody else's. */
void remains_begin(void);

/**
 * remains_settle() - wait until nothing but pinned links is attached to a cgroup.
 *
 * What a killed process held goes with it, but some of it only a grace period later.
 *
 * Return: false if that takes too long; then @text says what is left.
 */
bool remains_settle(const struct cgfence_cgroup *cgroup, char text[REMAINS_TEXT_SIZE]);

/** remains_host_pins() - how many pins are there that all fences share? */
unsigned int remains_host_pins(void);

/** remains_torn() - did the last command leave something for the next one to repair, or to take away? */
bool remains_torn(const struct cgfence_cgroup *cgroup);

/**
 * remains_none() - wait until nothing is left of the fences of some cgroups: no pin, no program on a hook, no program, map
 * or link that was made for them since remains_begin().
 *
 * Return: as remains_settle().
 */
bool remains_none(struct cgfence_cgroup *const *cgroups, size_t count,
		  char text[REMAINS_TEXT_SIZE]);
