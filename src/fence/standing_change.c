// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/standing_change.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "fence/members.h"
#include "image/image.h"
#include "kernel/kernel_btf.h"
#include "kernel/programs.h"

#include <fcntl.h>
#include <string.h>

static bool same_text(const struct cgfence_image *a, uint32_t a_offset, uint32_t a_length,
		      const struct cgfence_image *b, uint32_t b_offset, uint32_t b_length)
{
	return a_length == b_length &&
	       memcmp((const char *)a + a_offset, (const char *)b + b_offset, a_length) == 0;
}

/* Does what decides membership now do so for the new policy? */
static bool keeps_membership(const struct fence_change *change)
{
	const struct cgfence_image *old = change->old.image;
	const struct cgfence_image *new = change->new.image;

	return old && change->old.membership.members >= 0 && !change->old.overflows &&
	       image_standing(old)->anchor_id == image_standing(new)->anchor_id &&
	       image_standing(old)->member_level == image_standing(new)->member_level &&
	       same_text(old, image_standing(old)->pattern_offset,
			 image_standing(old)->pattern_length, new,
			 image_standing(new)->pattern_offset,
			 image_standing(new)->pattern_length) &&
	       same_text(old, image_standing(old)->except_offset,
			 image_standing(old)->except_length, new,
			 image_standing(new)->except_offset, image_standing(new)->except_length);
}

/* Twice as many as there are, and not less than there was. */
static int choose_room(const struct fence_change *change, uint32_t *room,
		       struct cgfence_error *error)
{
	uint32_t had = change->old.membership.members < 0
			       ? 0
			       : membership_room(change->old.membership.members);
	uint32_t count = 0;
	int result = members_count(change->cgroup, change->new.image, &count, error);

	if (result)
		return result;
	if (change->old.overflows)
		had *= 2;
	*room = MEMBERSHIP_ROOM;
	while (*room < MEMBERSHIP_ROOM_MAX && (*room < had || *room / 2 < count))
		*room *= 2;
	return 0;
}

static int take_maps(const struct membership *membership, struct fence_maps *maps,
		     struct cgfence_error *error)
{
	int members = fcntl(membership->members, F_DUPFD_CLOEXEC, 0);
	int state = fcntl(membership->state, F_DUPFD_CLOEXEC, 0);
	int lost = fcntl(membership->lost, F_DUPFD_CLOEXEC, 0);

	cleanup_close_descriptor(&maps->members);
	cleanup_close_descriptor(&maps->state);
	cleanup_close_descriptor(&maps->lost);
	maps->members = members;
	maps->state = state;
	maps->lost = lost;
	return members < 0 || state < 0 || lost < 0
		       ? error_set(error, EMFILE, "out of file descriptors")
		       : 0;
}

int standing_change_describe_cgroups(struct cgfence_cgroup_layout *cgroup,
				     struct cgfence_error *error)
{
	struct kernel_layout layout;

	kernel_btf_read_layout(&layout);
	if (!kernel_layout_has(&layout, KERNEL_LAYOUT_CGROUPS))
		return error_set(
			error, ENOTSUP,
			"this kernel does not tell where its structures have what a standing fence needs; it needs CONFIG_DEBUG_INFO_BTF");
	*cgroup = (struct cgfence_cgroup_layout){
		.task_set = layout.task_set,
		.set_cgroup = layout.set_cgroup,
		.socket_cgroup = layout.socket_cgroup,
		.level = layout.level,
		.ancestors = layout.ancestors,
		.ancestors_are_ids = layout.ancestors_are_ids,
		.node = layout.node,
		.node_id = layout.node_id,
	};
	return 0;
}

/* The path of an anchor that no mount shows any more does not tell its level. */
static uint32_t level_of_anchor(const struct fence_change *change, uint64_t anchor)
{
	const struct cgfence_image *old = change->old.image;

	return old && image_standing(old)->anchor_id == anchor ? image_standing(old)->anchor_level
							       : cgroup_level(change->cgroup);
}

int standing_change_prepare(struct fence_change *change, struct cgfence_error *error)
{
	struct cgfence_standing *standing;
	uint32_t room = 0;
	int result;

	if (!change->pattern)
		return 0;
	standing = (struct cgfence_standing *)image_standing(change->new.image);
	standing->anchor_id = cgfence_cgroup_id(change->cgroup);
	standing->anchor_level = level_of_anchor(change, standing->anchor_id);
	standing->member_level = standing->anchor_level + change->components;
	result = standing_change_describe_cgroups(&standing->cgroup, error);
	if (result)
		return result;
	/* That of a first try, if this is a second one. */
	standing_change_undo(change);
	if (keeps_membership(change)) {
		standing->membership = image_standing(change->old.image)->membership;
		return take_maps(&change->old.membership, &change->old.maps, error);
	}
	/* Who becomes a member may be about to bind. */
	change->new.image->ports.since_ns = 0;
	result = choose_room(change, &room, error);
	if (result == 0)
		result = membership_make(change->new.image, room, &change->old.membership,
					 &change->membership, error);
	if (result)
		return result;
	standing->membership = change->membership.place;
	return take_maps(&change->membership, &change->old.maps, error);
}

static bool has_new(const struct fence_change *change)
{
	return change->membership.members >= 0;
}

int standing_change_begin(const struct fence_change *change, struct cgfence_error *error)
{
	int result;

	if (!has_new(change))
		return 0;
	result = membership_start(change->new.image, &change->membership, error);
	return result ? result
		      : members_fill(change->cgroup, change->new.image, &change->old.membership,
				     &change->membership, error);
}

void standing_change_undo(struct fence_change *change)
{
	if (has_new(change) && change->membership.passing)
		membership_remove(change->id, change->membership.place);
	membership_close(&change->membership);
}

void standing_change_finish(struct fence_change *change)
{
	if (!change->pattern)
		return;
	change->membership.passing = false;
	membership_remove_others(change->id, image_standing(change->new.image)->membership);
}
