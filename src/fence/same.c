// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/same.h"
#include "image/image.h"
#include "policy/write.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

static int read_tag(int program, uint8_t tag[BPF_TAG_SIZE])
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &size) < 0)
		return -errno;
	memcpy(tag, info.tag, BPF_TAG_SIZE);
	return 0;
}

/* Does the hook run the same program as the new one, maps aside? */
static bool runs_same_program(const struct fence_change *change, int hook)
{
	uint8_t old_tag[BPF_TAG_SIZE];
	uint8_t new_tag[BPF_TAG_SIZE];

	if (change->old.links[hook].fd < 0 || change->new.programs[hook] < 0)
		return change->old.links[hook].fd < 0 && change->new.programs[hook] < 0;
	return read_tag(change->old.links[hook].program, old_tag) == 0 &&
	       read_tag(change->new.programs[hook], new_tag) == 0 &&
	       memcmp(old_tag, new_tag, BPF_TAG_SIZE) == 0;
}

/*
 * The same policy has another meaning from another network namespace, after the range of ephemeral ports there was changed,
 * under another guard, or if less can be read.
 */
static bool same_circumstances(const struct cgfence_image *a, const struct cgfence_image *b)
{
	return a->ephemeral == b->ephemeral && image_learns(a) == image_learns(b) &&
	       a->ports.guard == b->ports.guard && a->ports.netns_cookie == b->ports.netns_cookie &&
	       a->ports.netns_inum == b->ports.netns_inum &&
	       a->ports.ephemeral_low == b->ports.ephemeral_low &&
	       a->ports.ephemeral_high == b->ports.ephemeral_high &&
	       memcmp(&a->task, &b->task, sizeof(a->task)) == 0 &&
	       memcmp(&a->socket, &b->socket, sizeof(a->socket)) == 0;
}

bool fence_same_is_in_force(const struct fence_change *change)
{
	if (!change->old_policy || !policy_equal(change->old_policy, change->policy) ||
	    !same_circumstances(change->old.image, change->new.image) || change->old.torn)
		return false;
	for (int i = 0; i < hook_count; i++) {
		if (!runs_same_program(change, i))
			return false;
	}
	return true;
}
