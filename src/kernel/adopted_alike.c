// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether programs of others are those that are known, only made again. */
#include "base/cleanup.h"
#include "kernel/adopted.h"

#include <bpf/bpf.h>
#include <string.h>

static bool read_info(const struct adopted_program *program, struct bpf_prog_info *info)
{
	cleanup_close int opened = program->fd < 0 ? bpf_prog_get_fd_by_id(program->id) : -1;
	uint32_t size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(program->fd < 0 ? opened : program->fd, info, &size) == 0;
}

/*
 * Two owners may attach the same instructions, each under a name of its own, and what one of them wants is not what the
 * other has let go. The kernel computes the tag over the instructions as they were loaded (bpf_prog_calc_tag(),
 * kernel/bpf/core.c).
 */
bool adopted_is_like(const struct adopted_program *a, const struct adopted_program *b)
{
	struct bpf_prog_info left;
	struct bpf_prog_info right;

	if (a->id == b->id)
		return true;
	return read_info(a, &left) && read_info(b, &right) && left.type == right.type &&
	       strncmp(left.name, right.name, sizeof(left.name)) == 0 && !left.nr_map_ids &&
	       !right.nr_map_ids && memcmp(left.tag, right.tag, sizeof(left.tag)) == 0;
}

static bool is_known(const struct adopted *kept, const struct adopted_program *program)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (adopted_is_like(&kept->programs[i], program))
			return true;
	}
	return false;
}

bool adopted_are_known(const struct adopted *kept, const struct adopted *found)
{
	for (size_t i = 0; i < found->count; i++) {
		if (!is_known(kept, &found->programs[i]))
			return false;
	}
	return found->count;
}
