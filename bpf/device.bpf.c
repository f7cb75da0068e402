// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The device filter. It runs at every open, mknod and access(2) of a device in the fence. */
#include "denial.bpf.h"
#include <cgfence/verdict.h>

/* A separate function, so that a check saves no registers for it. */
static __attribute__((noinline)) int refuse(__u64 request)
{
	const struct cgfence_image *image = policy_in_place();
	struct judged judged;
	DENIAL_EVENT event;

	event.socket_cookie = 0;
	event.made_outside = 0;
	event.unused = 0;
	event.record.subject = (struct cgfence_denial_subject){
		.hook = CGFENCE_HOOK_DEVICE,
		.verdict = image->enforce ? CGFENCE_VERDICT_DENIED : CGFENCE_VERDICT_AUDITED,
		.type = cgfence_selector_type(request),
		.access = cgfence_request_access(request),
		.major = cgfence_selector_major(request),
		.minor = cgfence_selector_minor(request),
	};
	find_member(candidate_of_task(image), &judged);
	denial_record(&event, image, &judged, counters_of_fence(), CGFENCE_HOOK_DEVICE, false,
		      image->task.device_by);
	return !image->enforce;
}
/*
 * Ends the program with 1, which allows, if @value is not @comparison. The exit stands here and not at the end of the
 * program, because the JIT compiler emits the epilogue at the first exit and a jump to it at each other one.
 */
#define ALLOW_UNLESS(value, comparison) \
	asm volatile("if %0 " comparison " goto +2; r0 = 1; exit" : : "r"(value))

/*
 * The other asm statements keep at most six values alive at a time; the program computes a value again instead of
 * keeping it. A seventh would need a register that the program must save first, which costs as much as a lookup.
 */
POLICY_SEC("device", "cgroup/dev")
int cgfence_device(struct bpf_cgroup_dev_ctx *ctx)
{
	struct judged judged;
	__u64 request;
	__u64 exact;

	if (!is_member(policy_header(), candidate_of_task(policy_header()), &judged))
		return 1;
	/* The verifier knows what the policy says there, and removes what it has no use for. */
	if (cgfence_device_is_hot(policy_header(), ctx->access_type, ctx->major, ctx->minor))
		return 1;
	asm volatile("" : "+r"(ctx));
	request = cgfence_device_request(ctx->access_type, ctx->major, ctx->minor);
	asm volatile("" : "+r"(request));
	exact = cgfence_device_find(policy_in_place(), request);
	ALLOW_UNLESS(cgfence_rule_verdict(exact, cgfence_request_access(request)), "s>= 0");
	asm volatile("" : "+r"(request));
	if (!exact && cgfence_device_allowed_by_wildcard(policy_in_place(), request))
		return 1;
	return refuse(request);
}

char _license[] SEC("license") = "Dual BSD/GPL";
