// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/setup.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/mountinfo.h"
#include "policy/policy.h"

#include <stdio.h>

static bool has_device_link(const struct fence_present *present)
{
	for (int i = 0; i < hook_count; i++) {
		if (hooks[i].attach_type == BPF_CGROUP_DEVICE && present->links[i].fd >= 0)
			return true;
	}
	return false;
}

/* One whose path is too long to be opened is very deep, where no runtime is. */
static bool is_inside(pid_t process, void *context)
{
	const struct cgfence_cgroup *cgroup = context;
	cleanup_cgroup struct cgfence_cgroup *its = NULL;
	char name[32];

	snprintf(name, sizeof(name), "pid:%d", process);
	return cgfence_cgroup_open(name, &its, NULL) ||
	       path_below(cgfence_cgroup_path(its), cgfence_cgroup_path(cgroup));
}

bool fence_setup_find(const struct cgfence_cgroup *cgroup, struct setup *setup)
{
	return setup_find(cgfence_cgroup_fd(cgroup), is_inside, (void *)cgroup, setup);
}

int fence_setup_refuse(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
		       unsigned int flags, const struct fence_present *old,
		       struct cgfence_error *error)
{
	struct setup setup;

	if (flags & (CGFENCE_ATTACH_EPHEMERAL | CGFENCE_ATTACH_IN_SETUP) ||
	    !policy->devices_fenced || (old && has_device_link(old)) ||
	    !fence_setup_find(cgroup, &setup))
		return 0;
	return error_set(
		error, setup.age_ns < SETUP_USUAL_NS ? EAGAIN : ETIMEDOUT,
		"process %d (%s) is setting up a container there, which fails if it finds the device program of a fence; attach again when the container runs, or attach a standing fence, which is in force before: cgfence attach 'machine.slice/libpod-*.scope'",
		setup.runtime, setup.name);
}
