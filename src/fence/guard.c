// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/guard.h"
#include "base/cleanup.h"
#include "fence/readings.h"
#include "kernel/deny.h"
#include "kernel/listen_trace.h"
#include "kernel/mute.h"
#include "kernel/refusal.h"
#include "kernel/trial.h"
#include "policy/policy.h"

#include <fcntl.h>
#include <string.h>

#define LSM_LIST "/sys/kernel/security/lsm"

/* If in doubt, yes: trying decides. */
static bool may_take_lsm(void)
{
	cleanup_close int fd = -1;
	char names[256] = "";

	if (trial_recall(TRIAL_LSM) == TRIAL_REFUSED)
		return false;
	fd = open(LSM_LIST, O_RDONLY | O_CLOEXEC);
	return fd < 0 || read(fd, names, sizeof(names) - 1) <= 0 || strstr(names, "bpf");
}

/* Beside 0 and -errno: the kernel does not take this guard, so try another. */
#define GUARD_REFUSED 1

static int try_guard(struct fence_programs *set, enum cgfence_listen_guard guard,
		     struct fence_maps *maps, struct cgfence_error *error)
{
	int result;

	set->image->ports.guard = guard;
	result = fence_programs_create_policy_map(set, maps, error);
	if (result)
		return result;
	result = fence_programs_load_wanted(set, true, maps, error);
	/* It refuses all programs that need a trampoline, for one. */
	return refusal_is(result) ? GUARD_REFUSED : result;
}

/* A result that is kept until the next boot must be confirmed. */
static int try_lsm_guard(struct fence_programs *set, struct fence_maps *maps,
			 struct cgfence_error *error)
{
	bool taken = false;
	int result = 0;

	/* Of its program there is no version that fences may share. */
	if (!set->image->shared && may_take_lsm())
		result = deny_try(&taken, error);
	if (result || !taken)
		return result ? result : GUARD_REFUSED;
	result = GUARD_REFUSED;
	for (int i = 0; i < 2 && result == GUARD_REFUSED; i++)
		result = try_guard(set, CGFENCE_GUARD_DENY, maps, error);
	if (result == GUARD_REFUSED)
		trial_remember(TRIAL_LSM, TRIAL_REFUSED);
	return result;
}

/* sockops programs got the helpers for the current task last. */
static int try_sockops_guard(struct fence_programs *set, enum cgfence_listen_guard guard,
			     struct fence_maps *maps, struct cgfence_error *error)
{
	__u8 *by = &set->image->task.sockops_by;
	int result;

	*by = CGFENCE_TASK_BY_HELPER;
	do
		result = try_guard(set, guard, maps, error);
	while (result == GUARD_REFUSED && readings_reduce_task(set, by));
	return result;
}

/* Where sockops programs may not send signals, the program for all fences does, and this one keeps the records. */
static int try_kill_guard(struct fence_programs *set, struct fence_maps *maps,
			  struct cgfence_error *error)
{
	int result = try_sockops_guard(set, CGFENCE_GUARD_KILL, maps, error);
	bool traced = false;

	if (result == GUARD_REFUSED && listen_trace_try(&traced, error))
		return -EAGAIN;
	if (result != GUARD_REFUSED || !traced)
		return result;
	set->image->ports.killed_by_trace = 1;
	result = try_sockops_guard(set, CGFENCE_GUARD_KILL, maps, error);
	if (result)
		set->image->ports.killed_by_trace = 0;
	return result;
}

/* A kill mutes too, for the socket may have another holder. */
static int try_sockops_guards(struct fence_programs *set, struct fence_maps *maps,
			      struct cgfence_error *error)
{
	bool mutes = false;
	bool traced = false;
	int result = mute_try(&mutes, error);

	if (result == 0)
		result = listen_trace_try(&traced, error);
	if (result)
		return result;
	result = GUARD_REFUSED;
	set->image->ports.mutes = mutes;
	set->image->ports.traced = traced;
	if (set->image->ports.on_violation == POLICY_ON_VIOLATION_KILL)
		result = try_kill_guard(set, maps, error);
	if (result == GUARD_REFUSED && set->image->ports.mutes)
		result = try_sockops_guard(set, CGFENCE_GUARD_MUTE, maps, error);
	if (result != GUARD_REFUSED)
		return result;
	set->image->ports.mutes = 0;
	return try_sockops_guard(set, CGFENCE_GUARD_EVENT, maps, error);
}

bool fence_guard_may_deny(const struct cgfence_image *image)
{
	bool taken = false;

	/* What fails here fails again when the guard is chosen, and is told then. */
	return hook_guards_tcp(image) && may_take_lsm() && (deny_try(&taken, NULL) || taken);
}

int fence_guard_choose(struct fence_programs *set, struct fence_maps *maps,
		       struct cgfence_error *error)
{
	struct cgfence_port_table *ports = &set->image->ports;
	int result = GUARD_REFUSED;

	/* What another try found out says nothing of this one. */
	ports->traced = ports->mutes = ports->killed_by_trace = 0;
	if (hook_guards_tcp(set->image)) {
		result = try_lsm_guard(set, maps, error);
		if (result == GUARD_REFUSED)
			result = try_sockops_guards(set, maps, error);
	}
	if (result != GUARD_REFUSED)
		return result;
	ports->traced = ports->mutes = 0;
	ports->guard = CGFENCE_GUARD_NONE;
	return fence_programs_create_policy_map(set, maps, error);
}
