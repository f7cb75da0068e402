/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the programs of a fence are, or are to be, attached. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * fence_anchor_open() - open the cgroup that has, or is to have, the links of a fence.
 * @id: of the fence
 * @pattern: normalised, of a standing fence that may not be there; NULL for a fence that is
 * @anchor: receives the cgroup, to be given to cgfence_cgroup_close()
 * @components: receives how many components of the pattern are below it; left alone if the fence is on one cgroup
 *
 * The anchor of a standing fence stays, even if a deeper one would be there by now. If it is gone, or there is no fence,
 * the anchor is the deepest cgroup that the pattern names plainly and that is there.
 *
 * Return: 0, -ENOENT if there is no fence and no @pattern, or the cgroup is gone, another -errno.
 */
int fence_anchor_open(uint64_t id, const char *pattern, struct cgfence_cgroup **anchor,
		      uint32_t *components, struct cgfence_error *error);
