/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The members of a standing fence that are there already, found by walking. */
#pragma once

#include "kernel/membership.h"

/**
 * members_count() - how many cgroups a standing fence is for.
 * @anchor: its anchor
 * @image: with its pattern and exceptions
 */
int members_count(const struct cgfence_cgroup *anchor, const struct cgfence_image *image,
		  uint32_t *count, struct cgfence_error *error);

/**
 * members_fill() - add those cgroups to the map of a membership that has started.
 * @old: whose counts are taken over; closed if there is none
 */
int members_fill(const struct cgfence_cgroup *anchor, const struct cgfence_image *image,
		 const struct membership *old, const struct membership *membership,
		 struct cgfence_error *error);
