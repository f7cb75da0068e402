// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/hidden.h"
#include "base/error.h"
#include "fence/detach.h"
#include "kernel/foreign.h"
#include "kernel/hidden.h"
#include "kernel/pins.h"

#include <cgfence/foreign.h>
#include <errno.h>
#include <time.h>

/* How long a command may take from attaching a program to pinning its link. */
#define PIN_TRIES 20
#define PIN_TRY_NS (5 * 1000 * 1000)

static int refuse(uint32_t program, const char *name, struct cgfence_error *error)
{
	char text[CGFENCE_FOREIGN_TEXT_SIZE];

	foreign_describe(program, name, text);
	return error_set(
		error, EBUSY,
		"it has a fence that is not visible here: %s of cgfence is pinned in another bpffs than the one on " BPFFS_POINT
		"; run cgfence where that one is mounted",
		text);
}

/* Another fence of the same cgroup, a standing one and that of its anchor, may be about to pin a link. */
int fence_check_hidden(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	const struct timespec pause = { .tv_nsec = PIN_TRY_NS };
	char name[BPF_OBJ_NAME_LEN];
	uint32_t program = hidden_find(cgroup, name);

	for (int i = 0; i < PIN_TRIES && program; i++) {
		nanosleep(&pause, NULL);
		program = hidden_find(cgroup, name);
	}

	return program ? refuse(program, name, error) : 0;
}

static int check_again(const struct cgfence_cgroup *cgroup, uint32_t before,
		       struct cgfence_error *error)
{
	uint64_t id = cgfence_cgroup_id(cgroup);
	char name[BPF_OBJ_NAME_LEN];
	int result;
	int lock;

	/* A command that makes or takes away a fence may have been at work. */
	fence_detach_finish(id);
	if (pins_wait(id, &lock) == 0) {
		result = fence_check_hidden(cgroup, error);
		pins_unlock(id, lock);
		return result;
	}
	/* There is no directory, so no program that was there before and still is can be pinned in it. */
	return hidden_find(cgroup, name) == before ? fence_check_hidden(cgroup, error) : 0;
}

int cgfence_fence_check_hidden(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	char name[BPF_OBJ_NAME_LEN];
	uint32_t found = hidden_find(cgroup, name);
	int result = found ? check_again(cgroup, found, error) : 0;

	if (result)
		error_wrap(error, "%s", cgfence_cgroup_path(cgroup));
	return result;
}
