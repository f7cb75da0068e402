// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/present.h"
#include "base/cleanup.h"
#include "cgroup/hierarchy.h"
#include "fence/adopted.h"
#include "image/image.h"
#include "kernel/listen_trace.h"

#include <errno.h>

void fence_present_init(struct fence_present *present)
{
	*present = (struct fence_present){ .maps = FENCE_MAPS_CLOSED,
					   .membership = MEMBERSHIP_CLOSED };
	for (int i = 0; i < HOOKS_MAX; i++)
		present->links[i] = (struct link)LINK_CLOSED;
}

void fence_present_release(struct fence_present *present)
{
	for (int i = 0; i < HOOKS_MAX; i++)
		link_close(&present->links[i]);
	fence_maps_close(&present->maps);
	membership_close(&present->membership);
	free(present->image);
	fence_present_init(present);
}

/* Does the program of a link show nothing new? */
static bool is_known(const struct fence_present *present, int hook)
{
	/* Only programs that judge ports use this map. */
	if (hook_topic(&hooks[hook]) == CGFENCE_TOPIC_PORTS && present->maps.asked < 0)
		return false;
	return fence_maps_have_policy_of(&present->maps, present->links[hook].program);
}

/*
 * Takes over the program of a link if it is newer than the present one. Images that are damaged or of another version
 * count as the oldest. An image that cannot be read now may be any, and its records must not be lost.
 */
static int consider(uint64_t id, struct fence_present *present, int hook,
		    struct cgfence_error *error)
{
	cleanup_maps struct fence_maps maps = FENCE_MAPS_CLOSED;
	cleanup_free struct cgfence_image *image = NULL;
	bool first = present->maps.policy < 0;
	int result;

	if (is_known(present, hook))
		return 0;
	result = fence_maps_find(present->links[hook].program, &maps, error);
	if (result)
		return result == -EINVAL ? 0 : result;
	if (present->maps.asked < 0)
		present->maps.asked = cleanup_steal_descriptor(&maps.asked);
	if (maps.policy_id == present->maps.policy_id)
		return 0;
	result = fence_maps_read_image(maps.policy, &image, error);
	if (result && result != -EINVAL)
		return result;
	if (image && image->shared)
		image->cgroup_id = id;
	present->torn = !first;
	if (!first &&
	    (!image || (present->image && present->image->generation >= image->generation)))
		return 0;
	cleanup_close_descriptor(&maps.asked);
	maps.asked = cleanup_steal_descriptor(&present->maps.asked);
	fence_maps_close(&present->maps);
	free(present->image);
	present->maps = maps;
	present->image = cleanup_steal(image);
	maps = (struct fence_maps)FENCE_MAPS_CLOSED;
	return 0;
}

static bool is_complete(const struct fence_present *present)
{
	for (int i = 0; i < hook_count; i++) {
		if (hook_is_wanted(&hooks[i], present->image) != (present->links[i].fd >= 0))
			return false;
	}
	return true;
}

/* More room than the most is not made. */
static bool can_grow(const struct membership *membership)
{
	return membership_room(membership->members) < MEMBERSHIP_ROOM_MAX;
}

/* Also while the kernel still keeps a removed anchor for a socket: its links tell of it then. If in doubt, yes. */
static bool holds_anchor(const struct fence_present *present, uint64_t anchor)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;

	for (int i = 0; i < hook_count; i++) {
		if (present->links[i].fd >= 0 && present->links[i].cgroup_id != anchor)
			return false;
	}
	return hierarchy_open(&hierarchy, NULL) || hierarchy_has(&hierarchy, anchor);
}

static int check_membership(uint64_t id, struct fence_present *present, struct cgfence_error *error)
{
	uint32_t place = image_standing(present->image)->membership;
	uint64_t lost = 0;
	int result = membership_open(present->image, &present->maps, &present->membership, error);

	if (result && result != -ENOENT)
		return result;
	if (result == 0)
		result = membership_lost(&present->membership, &lost, error);
	present->overflows = lost;
	if (result || membership_has_others(id, place) ||
	    (lost && can_grow(&present->membership)) ||
	    !holds_anchor(present, image_standing(present->image)->anchor_id))
		present->torn = true;
	return result == -ENOENT ? 0 : result;
}

/* The program that judges for all fences is told of a change before or after the links. */
static int check_whole(struct fence_present *present, struct cgfence_error *error)
{
	bool trace_right = true;
	int result = listen_trace_check(present->image, present->maps.members, &trace_right, error);

	if (result)
		return result;
	if (!trace_right || !is_complete(present))
		present->torn = true;
	return 0;
}

bool fence_present_judges_devices(const struct fence_present *present)
{
	for (int i = 0; i < hook_count; i++) {
		if (hooks[i].attach_type == BPF_CGROUP_DEVICE)
			return present->links[i].fd >= 0;
	}
	return false;
}

int fence_present_read(uint64_t id, struct fence_present *present, struct cgfence_error *error)
{
	int result;

	for (int i = 0; i < hook_count; i++) {
		result = link_open(id, &hooks[i], &present->links[i], error);

		if (result == -ENOENT)
			continue;
		if (result == 0)
			result = consider(id, present, i, error);
		if (result)
			return result;
		present->fenced = true;
	}
	if (!present->image)
		return 0;
	/* One on many cgroups is not looked through each time; whoever changes it next, or watch, does. */
	present->unsettled = present->image->adopt && !image_standing(present->image)->anchor_id &&
			     fence_adopted_is_unsettled(id);
	result = check_whole(present, error);
	return result || !image_standing(present->image)->anchor_id
		       ? result
		       : check_membership(id, present, error);
}
