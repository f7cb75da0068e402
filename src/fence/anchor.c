// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/anchor.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/pattern.h"
#include "fence/present.h"
#include "fence/root.h"
#include "image/image.h"

#include <errno.h>

/* Of a fence that this version cannot read, whose links alone tell of the anchor. */
static int open_unread(const struct hierarchy *hierarchy, uint64_t id, const char *pattern,
		       struct cgfence_cgroup **anchor, uint32_t *components,
		       struct cgfence_error *error)
{
	int result = fence_root_open(hierarchy, id, anchor, error);

	if (result == -ENOENT && pattern)
		return cgroup_pattern_open_anchor(pattern, anchor, components, error);
	if (result == 0 && pattern)
		*components = cgroup_pattern_depth(pattern) - cgroup_level(*anchor);
	return result;
}

static int open_present(const struct hierarchy *hierarchy, const struct cgfence_image *image,
			struct cgfence_cgroup **anchor, uint32_t *components,
			struct cgfence_error *error)
{
	const struct cgfence_standing *standing = image_standing(image);
	cleanup_free char *pattern = NULL;
	int result = hierarchy_open_any(hierarchy, standing->anchor_id, anchor, error);

	if (result == 0)
		*components = standing->member_level - standing->anchor_level;
	if (result != -ENOENT)
		return result;
	pattern = image_pattern(image);
	return pattern ? cgroup_pattern_open_anchor(pattern, anchor, components, error)
		       : error_out_of_memory(error);
}

int fence_anchor_open(uint64_t id, const char *pattern, struct cgfence_cgroup **anchor,
		      uint32_t *components, struct cgfence_error *error)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	cleanup_present struct fence_present present;
	int result = hierarchy_open(&hierarchy, error);

	fence_present_init(&present);
	if (result)
		return result;
	if (!(id & CGFENCE_STANDING_ID))
		return fence_root_open(&hierarchy, id, anchor, error);
	result = fence_present_read(id, &present, error);
	if (result)
		return result;
	if (!present.image || !image_standing(present.image)->anchor_id)
		return open_unread(&hierarchy, id, pattern, anchor, components, error);
	return open_present(&hierarchy, present.image, anchor, components, error);
}
