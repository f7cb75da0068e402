// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/foresee.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/adopt.h"
#include "fence/setup.h"
#include "image/image.h"
#include "kernel/foreign.h"
#include "kernel/link.h"
#include "kernel/pins.h"
#include "policy/policy.h"

static int refuse(struct fence_change *change, struct cgfence_error *error)
{
	int code = 0;

	if (cgfence_cgroup_is_root(change->cgroup) && !(change->flags & CGFENCE_ATTACH_FORCE))
		return error_set(
			error, EPERM,
			"this is the root cgroup, and a mistake there locks the host out; use --force if that is what you want");
	/* Before a lock is taken, which others would take for a change of a fence. */
	if (!pins_are_there(change->id))
		code = fence_setup_refuse(change->cgroup, change->policy, change->flags, NULL,
					  error);
	return code || !change->policy->adopt ? code : fence_adopt_prove(change, error);
}

int fence_foresee_attach(struct fence_change *change, struct cgfence_error *error)
{
	const char *path = cgfence_cgroup_path(change->cgroup);
	int code;

	if (change->policy->except)
		return error_set_invalid(
			error,
			"the policy has exceptions (\"except\"), which are for a pattern; %s is one cgroup",
			path);
	code = refuse(change, error);
	if (code)
		error_wrap(error, "cannot fence %s", path);
	return code;
}

static int compile(const struct fence_change *change, struct cgfence_image **image,
		   struct cgfence_error *error)
{
	return change->pattern
		       ? image_compile_standing(change->policy, 1, change->pattern, image, error)
		       : image_compile(change->policy, 1, change->flags & CGFENCE_ATTACH_EPHEMERAL,
				       image, error);
}

int fence_foresee_hooks(const struct fence_change *change, struct cgfence_error *error)
{
	cleanup_free struct cgfence_image *image = NULL;
	int result = compile(change, &image, error);

	for (int i = 0; i < hook_count && result == 0; i++) {
		/* Where the fence has a link already, that one gets the new program. */
		if (hook_is_wanted(&hooks[i], image) && !link_program_id(change->id, &hooks[i]))
			result = foreign_foresee_refusal(change->cgroup, &hooks[i], error);
	}
	return result;
}

int cgfence_fence_foresee(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
			  unsigned int flags, struct cgfence_error *error)
{
	struct fence_change change = {
		.id = cgfence_cgroup_id(cgroup), .cgroup = cgroup, .policy = policy, .flags = flags
	};
	int result = cgfence_fence_check_hidden(cgroup, error);

	if (result == 0)
		result = fence_foresee_attach(&change, error);
	/* A moment later it may be let in. */
	if (result)
		return result == -EAGAIN ? 0 : result;
	result = fence_foresee_hooks(&change, error);
	if (result)
		error_wrap(error, "cannot fence %s", cgfence_cgroup_path(cgroup));
	return result;
}
