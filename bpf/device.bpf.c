// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The device filter: runs at every open, mknod and access(2) of a device in the fence. */
#include "denial.bpf.h"
#include <cgfence/verdict.h>

/* The kernel packs both in one word: access << 16 | type (include/uapi/linux/bpf.h). */
static __always_inline __u32 type_of(const struct bpf_cgroup_dev_ctx *ctx)
{
	return ctx->access_type & 0xffff;
}

static __always_inline __u32 access_of(const struct bpf_cgroup_dev_ctx *ctx)
{
	return ctx->access_type >> 16;
}

/* A function of its own, so that a check saves no registers for it. */
static __attribute__((noinline)) int refuse(struct bpf_cgroup_dev_ctx *ctx)
{
	const struct cgfence_image *image = policy_in_place();
	struct cgfence_event event = {
		.record.subject = {
			.hook = CGFENCE_HOOK_DEVICE,
			.verdict = image->enforce ? CGFENCE_VERDICT_DENIED : CGFENCE_VERDICT_AUDITED,
			.type = type_of(ctx),
			.access = access_of(ctx),
			.major = ctx->major,
			.minor = ctx->minor,
		},
	};

	denial_record(&event, image, image->task.by_offset);
	return !image->enforce;
}

POLICY_SEC("device", "cgroup/dev")
int cgfence_device(struct bpf_cgroup_dev_ctx *ctx)
{
	__u64 selector = cgfence_device_selector(type_of(ctx), ctx->major, ctx->minor, 0);
	__u32 access = access_of(ctx);
	__u64 exact = cgfence_device_find_exact(policy_in_place(), selector);
	bool allowed;

	/* The policy is addressed anew, so that few values have to be kept in registers meanwhile. */
	if (exact)
		allowed = cgfence_device_exact_verdict(exact, access);
	else
		allowed = cgfence_device_allowed_by_wildcard(policy_in_place(), selector, access);
	return allowed ? 1 : refuse(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
