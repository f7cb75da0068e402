// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The device filter: runs at every open, mknod and access(2) of a device in the fence. */
#include "denial.bpf.h"
#include <cgfence/verdict.h>

SEC("cgroup/dev")
int cgfence_device(struct bpf_cgroup_dev_ctx *ctx)
{
	/* The kernel packs both in one word: access << 16 | type (include/uapi/linux/bpf.h). */
	__u32 access = ctx->access_type >> 16;
	__u32 type = ctx->access_type & 0xffff;
	const struct cgfence_image *image;
	__u32 zero = 0;

	image = bpf_map_lookup_elem(&cgfence_policy, &zero);
	if (!image)
		return 0;
	if (cgfence_device_allowed(image, type, ctx->major, ctx->minor, access))
		return 1;

	struct cgfence_event event = {
		.record.subject = {
			.hook = CGFENCE_HOOK_DEVICE,
			.verdict = image->enforce ? CGFENCE_VERDICT_DENIED : CGFENCE_VERDICT_AUDITED,
			.type = type,
			.access = access,
			.major = ctx->major,
			.minor = ctx->minor,
		},
	};
	denial_record(&event, image, image->task.by_offset);
	return !image->enforce;
}

char _license[] SEC("license") = "Dual BSD/GPL";
