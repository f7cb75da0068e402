/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "kernel_types.bpf.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* 0 if the cgroup is not as deep as that, or there is none. */
static __always_inline __u64 ancestor_id(struct cgroup *cgroup, int level)
{
	struct cgroup___ids *with_ids = (struct cgroup___ids *)cgroup;
	struct cgroup *ancestor = 0;
	__u64 id = 0;

	if (!cgroup || level > BPF_CORE_READ(cgroup, level))
		return 0;
	if (bpf_core_field_exists(with_ids->ancestor_ids)) {
		bpf_core_read(&id, sizeof(id), &with_ids->ancestor_ids[level]);
		return id;
	}
	bpf_core_read(&ancestor, sizeof(ancestor), &cgroup->ancestors[level]);
	return BPF_CORE_READ(ancestor, kn, id);
}
