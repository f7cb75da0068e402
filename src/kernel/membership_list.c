// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The members that a map has. */
#include "kernel/map_ids.h"
#include "kernel/membership.h"

#include <bpf/bpf.h>
#include <cgfence/abi.h>

int membership_list(int members, uint64_t **ids, size_t *count)
{
	return map_ids_list(members, sizeof(struct cgfence_member), ids, count);
}

bool membership_has(int members, uint64_t id)
{
	struct cgfence_member member;

	return bpf_map_lookup_elem(members, &id, &member) == 0;
}
