/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tries of the host that the programs of kernel/member_programs.h use: patterns and lost members by place, names by fence. */
#pragma once

#include "image/standing_globs.h"
#include "kernel/member_programs.h"

#include <stdint.h>

/** member_globs_put() - tell the patterns of a place. Return: 0 or -errno. */
int member_globs_put(int map, uint32_t place, const struct standing_globs *globs);

/** member_globs_drop() - forget them. @count: how many patterns there may be */
void member_globs_drop(int map, uint32_t place, uint32_t count);

/** member_gone_drop() - forget the names of the removed members of a fence. */
void member_gone_drop(int map, uint64_t fence_id);

/**
 * member_gone_read() - where a removed member was.
 * @components: of the pattern, at most CGFENCE_PATTERN_DEPTH
 * @path: receives the path below the anchor, with a leading slash, to be given to free()
 *
 * Return: 0, -ENOENT if that is not known, -ENOMEM.
 */
int member_gone_read(int map, uint64_t fence_id, uint64_t member, uint32_t components, char **path);

/** member_lost_put() - tell of a member of a place that found no room. Return: 0 or -errno. */
int member_lost_put(int map, uint32_t place, uint64_t id);

/** member_lost_drop() - forget those of a place, about which nobody is told any more. */
void member_lost_drop(int map, uint32_t place);
