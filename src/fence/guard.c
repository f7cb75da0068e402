// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/guard.h"
#include "base/cleanup.h"
#include "kernel/kill_trace.h"
#include "kernel/layout.h"
#include "kernel/pins.h"
#include "policy/policy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* A directory that says that this kernel refused the LSM program since it booted; trying takes 15 ms. */
#define LSM_REFUSED PINS_ROOT "/lsm_refused"
#define LSM_LIST "/sys/kernel/security/lsm"

/* If in doubt, yes: loading is what tells. */
static bool may_take_lsm(void)
{
	cleanup_close int fd = open(LSM_LIST, O_RDONLY | O_CLOEXEC);
	char names[256] = "";

	if (access(LSM_REFUSED, F_OK) == 0)
		return false;
	return fd < 0 || read(fd, names, sizeof(names) - 1) <= 0 || strstr(names, "bpf");
}

/* Beside 0 and -errno: the kernel does not take this guard, and another must do. */
#define GUARD_REFUSED 1

/* In the kernel only (include/linux/errno.h), but bpf(2) lets it out. */
#define KERNEL_ENOTSUPP 524

/*
 * What the kernel, or libbpf that looks at the kernel, answers to a program that it does not know or take. Anything else
 * may be otherwise the next time, and must not weaken a fence.
 */
static bool is_refusal(int result)
{
	return result == -EINVAL || result == -EACCES || result == -ENOTSUP ||
	       result == -KERNEL_ENOTSUPP || result == -ESRCH || result == -ENOENT;
}

static int try_guard(struct fence_programs *set, enum cgfence_listen_guard guard,
		     struct fence_maps *maps, struct cgfence_error *error)
{
	int result;

	set->image->ports.guard = guard;
	result = fence_programs_create_policy_map(set, maps, error);
	if (result)
		return result;
	result = fence_programs_load_wanted(set, true, maps, error);
	/* Where programs need a trampoline that is locked away. */
	if (guard == CGFENCE_GUARD_DENY && result == -EPERM)
		return GUARD_REFUSED;
	return is_refusal(result) ? GUARD_REFUSED : result;
}

/* What is remembered until the next boot must be said twice. */
static int try_lsm_guard(struct fence_programs *set, struct fence_maps *maps,
			 struct cgfence_error *error)
{
	int result = GUARD_REFUSED;

	if (!may_take_lsm())
		return GUARD_REFUSED;
	for (int i = 0; i < 2 && result == GUARD_REFUSED; i++)
		result = try_guard(set, CGFENCE_GUARD_DENY, maps, error);
	if (result == GUARD_REFUSED)
		mkdir(LSM_REFUSED, 0700);
	return result;
}

/* The helpers for the current task came to sockops programs last. */
static int try_sockops_guard(struct fence_programs *set, enum cgfence_listen_guard guard,
			     struct fence_maps *maps, struct cgfence_error *error)
{
	struct cgfence_image *image = set->image;
	int result = try_guard(set, guard, maps, error);

	if (result != GUARD_REFUSED || image->task.sockops_by_offset ||
	    kernel_layout_read(&image->task, &image->socket, NULL))
		return result;
	image->task.sockops_by_offset = 1;
	result = try_guard(set, guard, maps, error);
	if (result)
		image->task.sockops_by_offset = 0;
	return result;
}

/* Where sockops programs may not send signals, one program kills for all fences, and this one keeps the records. */
static int try_kill_guard(struct fence_programs *set, struct fence_maps *maps,
			  struct cgfence_error *error)
{
	int result = try_sockops_guard(set, CGFENCE_GUARD_KILL, maps, error);

	if (result != GUARD_REFUSED)
		return result;
	set->image->ports.killed_by_trace = 1;
	result = kill_trace_probe(error);
	if (result == 0)
		result = try_sockops_guard(set, CGFENCE_GUARD_KILL, maps, error);
	if (result)
		set->image->ports.killed_by_trace = 0;
	return is_refusal(result) ? GUARD_REFUSED : result;
}

int fence_guard_choose(struct fence_programs *set, struct fence_maps *maps,
		       struct cgfence_error *error)
{
	int result = GUARD_REFUSED;

	if (hook_guards_tcp(set->image)) {
		result = try_lsm_guard(set, maps, error);
		if (result == GUARD_REFUSED &&
		    set->image->ports.on_violation == POLICY_ON_VIOLATION_KILL)
			result = try_kill_guard(set, maps, error);
		if (result == GUARD_REFUSED)
			result = try_sockops_guard(set, CGFENCE_GUARD_EVENT, maps, error);
	}
	if (result != GUARD_REFUSED)
		return result;
	set->image->ports.guard = CGFENCE_GUARD_NONE;
	return fence_programs_create_policy_map(set, maps, error);
}
