// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/fence.h"
#include "kernel/error.h"

#include <bpf/bpf.h>

/* The oldest last refusal first; for the same instant any fixed order serves. */
static int compare_records(const void *left, const void *right)
{
	const struct cgfence_denial_record *a = left;
	const struct cgfence_denial_record *b = right;

	return a->last_ns < b->last_ns ? -1 : a->last_ns > b->last_ns;
}

int cgfence_fence_read_denials(const struct cgfence_fence *fence,
			       struct cgfence_denial_record **records, size_t *count,
			       struct cgfence_error *error)
{
	cleanup_free struct cgfence_denial_record *found = NULL;
	size_t used = 0;

	found = calloc(CGFENCE_DENIAL_SETS * CGFENCE_DENIAL_WAYS, sizeof(*found));
	if (!found)
		return error_set(error, ENOMEM, "out of memory while reading denials");
	for (uint32_t i = 0; i < CGFENCE_DENIAL_SETS; i++) {
		struct cgfence_denial_set set;

		if (bpf_map_lookup_elem_flags(fence_denials_map(fence), &i, &set, BPF_F_LOCK) < 0)
			return kernel_error(error, errno, "read the denials");
		for (int way = 0; way < CGFENCE_DENIAL_WAYS; way++) {
			if (set.ways[way].count)
				found[used++] = set.ways[way];
		}
	}
	qsort(found, used, sizeof(*found), compare_records);
	*records = cleanup_steal(found);
	*count = used;
	return 0;
}
