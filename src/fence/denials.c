// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/fence.h"
#include "kernel/error.h"

#include <cgfence/standing.h>

/* The oldest last refusal first; for the same instant any fixed order serves. */
static int compare_denials(const void *left, const void *right)
{
	const struct cgfence_member_denial *a = left;
	const struct cgfence_member_denial *b = right;

	return a->record.last_ns < b->record.last_ns ? -1 : a->record.last_ns > b->record.last_ns;
}

int cgfence_fence_read_member_denials(const struct cgfence_fence *fence,
				      struct cgfence_member_denial **denials, size_t *count,
				      struct cgfence_error *error)
{
	cleanup_free struct cgfence_member_denial *found = NULL;
	size_t used = 0;

	found = calloc(CGFENCE_DENIAL_SETS * CGFENCE_DENIAL_WAYS, sizeof(*found));
	if (!found)
		return error_set(error, ENOMEM, "out of memory while reading denials");
	for (uint32_t i = 0; i < CGFENCE_DENIAL_SETS; i++) {
		struct cgfence_standing_denial_set set;
		int result = fence_read_denial_set(fence, i, &set);

		if (result)
			return kernel_error(error, -result, "read the denials");
		for (int way = 0; way < CGFENCE_DENIAL_WAYS; way++) {
			if (set.ways[way].count)
				found[used++] = (struct cgfence_member_denial){ set.ways[way],
										set.members[way] };
		}
	}
	qsort(found, used, sizeof(*found), compare_denials);
	*denials = cleanup_steal(found);
	*count = used;
	return 0;
}

int cgfence_fence_read_denials(const struct cgfence_fence *fence,
			       struct cgfence_denial_record **records, size_t *count,
			       struct cgfence_error *error)
{
	cleanup_free struct cgfence_member_denial *denials = NULL;
	struct cgfence_denial_record *found;
	size_t used = 0;
	int result = cgfence_fence_read_member_denials(fence, &denials, &used, error);

	if (result)
		return result;
	found = calloc(used + 1, sizeof(*found));
	if (!found)
		return error_out_of_memory(error);
	for (size_t i = 0; i < used; i++)
		found[i] = denials[i].record;
	*records = found;
	*count = used;
	return 0;
}
