// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/source.h"
#include "base/cleanup.h"
#include "fence/source_read.h"
#include "kernel/source_map.h"
#include "policy/memory.h"
#include "policy/write.h"

/* Whoever only repairs a fence has its policy from the image, and leaves what it remembers. */
static int keep(struct fence_change *change, struct cgfence_error *error)
{
	uint32_t id = change->old.maps.source_id;

	return id ? source_map_open(id, &change->new.source, error) : 0;
}

int fence_source_prepare(struct fence_change *change, struct cgfence_error *error)
{
	cleanup_free char *packed = NULL;
	int result;

	if (change->policy == change->old_policy)
		return keep(change, error);
	result = policy_memory_pack(change->policy, &packed, error);
	return result ? result : source_map_create(packed, &change->new.source, error);
}

bool fence_source_rewords(const struct fence_change *change)
{
	cleanup_free char *packed = NULL;

	if (!change->old_policy || change->policy == change->old_policy || change->old.torn ||
	    !policy_equal(change->old_policy, change->policy))
		return false;
	/* If it cannot be read now, it is written anew. */
	fence_source_read(change->old.maps.source_id, &packed, NULL);
	return policy_memory_differs(change->policy, packed);
}
