// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The device filter: runs at every open, mknod and access(2) of a device in the fence. */
#include "denial.bpf.h"
#include <cgfence/verdict.h>

/* A function of its own, so that the check needs no stack and saves no registers. */
static __attribute__((noinline)) int refuse(__u32 type, __u32 major, __u32 minor, __u32 access)
{
	const struct cgfence_image *image = policy_in_place();
	struct cgfence_event event = {
		.record.subject = {
			.hook = CGFENCE_HOOK_DEVICE,
			.verdict = image->enforce ? CGFENCE_VERDICT_DENIED : CGFENCE_VERDICT_AUDITED,
			.type = type,
			.access = access,
			.major = major,
			.minor = minor,
		},
	};

	denial_record(&event, image, image->task.by_offset);
	return !image->enforce;
}

POLICY_SEC("device", "cgroup/dev")
int cgfence_device(struct bpf_cgroup_dev_ctx *ctx)
{
	/* The kernel packs both in one word: access << 16 | type (include/uapi/linux/bpf.h). */
	__u32 access = ctx->access_type >> 16;
	__u32 type = ctx->access_type & 0xffff;
	__u32 major = ctx->major;
	__u32 minor = ctx->minor;

	if (cgfence_device_allowed(policy_in_place(), type, major, minor, access))
		return 1;
	return refuse(type, major, minor, access);
}

char _license[] SEC("license") = "Dual BSD/GPL";
