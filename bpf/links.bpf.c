// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tells what each link to a cgroup runs and on what, in one pass over all links. */
#include "kernel_types.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>
#include <cgfence/abi.h>

/* A cgroup has it until it is removed, also if sockets that were made in it keep it (include/linux/cgroup-defs.h). */
#define CSS_ONLINE 2

/* A bit for each attach type of the links that are asked for; the reader sets it. */
__u64 cgfence_link_types = 0;

static __always_inline bool is_wanted(struct bpf_link *link)
{
	struct bpf_cgroup_link___typed *typed = (struct bpf_cgroup_link___typed *)link;
	__u32 type = bpf_core_field_exists(link->attach_type) ? link->attach_type
							      : BPF_CORE_READ(typed, type);

	return type < 64 && cgfence_link_types >> type & 1;
}

SEC("cgfence.iter/bpf_link")
int cgfence_links(struct bpf_iter__bpf_link *ctx)
{
	struct cgfence_link_seen seen = { 0 };
	struct bpf_link *link = ctx->link;
	struct cgroup *cgroup;

	if (!link || link->type != BPF_LINK_TYPE_CGROUP || !is_wanted(link))
		return 0;
	cgroup = BPF_CORE_READ((struct bpf_cgroup_link *)link, cgroup);
	if (!cgroup || !(BPF_CORE_READ(cgroup, self.flags) & CSS_ONLINE))
		return 0;
	seen.link_id = link->id;
	seen.program_id = link->prog->aux->id;
	seen.cgroup_id = BPF_CORE_READ(cgroup, kn, id);
	bpf_seq_write(ctx->meta->seq, &seen, sizeof(seen));
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
