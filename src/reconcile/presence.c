// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/presence.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "cgroup/kill.h"
#include "cgroup/mountinfo.h"
#include "net/borrow.h"
#include "reconcile/holders_walk.h"

#include <stdio.h>

/* How often a step looks through all tasks of the fence for a holder of the socket, and all steps of a pass do. */
#define HOLDER_TRIES 10
#define WALKS_MAX 50

/* How old the list may be that tells that a socket is there, and how many new ones the steps of a pass take. */
#define RELIST_NS (100 * 1000 * 1000)
#define LISTS_MAX 50

/*
 * Looks for the socket alone, which costs the same however many there are. Where the kernel finds another one, by
 * SO_REUSEPORT or on an address that is more general, its descriptor tells; without one, all are listed. If in doubt, it
 * still listens.
 */
static bool still_listens(struct action *act, uint64_t since_ns)
{
	uint64_t cookie = 0;
	int result = sock_diag_find(act->diag, act->listener, act->remote_port, &cookie);
	cleanup_close int fd = -1;

	if (result == 0 && cookie == act->listener->cookie) {
		act->reachable = true;
		return true;
	}
	if (act->reachable && result == -ENOENT)
		return false;
	fd = act->holder ? socket_borrow(act->holder) : -1;
	return fd >= 0 ? socket_serves(fd)
		       : relist_has(&act->pass->relist, act->listener->cookie, since_ns);
}

bool action_listens_now(struct action *act)
{
	uint64_t taken_ns = act->pass->relist.taken_ns;
	uint64_t since_ns = boot_time_ns();
	bool listens;

	if (act->costs->lists >= LISTS_MAX)
		since_ns -= RELIST_NS;
	listens = still_listens(act, since_ns);
	act->costs->lists += act->pass->relist.taken_ns != taken_ns;
	return listens;
}

static bool is_below_fence(const struct action *act, uint32_t thread)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	char name[32];

	snprintf(name, sizeof(name), "pid:%u", thread);
	return cgfence_cgroup_open(name, &cgroup, NULL) == 0 &&
	       path_below(cgfence_cgroup_path(cgroup), act->fence->path);
}

/* The descriptor, the pid and the inode number may belong to another socket by now. */
static bool has_same_holder(const struct action *act)
{
	cleanup_close int fd = act->holder ? socket_borrow(act->holder) : -1;

	return fd >= 0 && is_below_fence(act, act->holder->thread);
}

static int walk(struct action *act, const struct cgfence_cgroup *cgroup, bool *held)
{
	const struct wanted_socket wanted = {
		.inode = act->listener->inode,
		.cookie = act->listener->cookie,
	};
	struct holders holders = { 0 };
	int result;

	/* A fence with many tasks that pass many sockets around is asked for all of them at once. */
	if (act->costs->walks >= WALKS_MAX)
		return -EOPNOTSUPP;
	act->costs->walks++;
	result = holders_walk(cgroup, &wanted, 1, &holders, &act->result->failure);

	*held = holders.count > 0;
	holders_free(&holders);
	return result;
}

/*
 * The holder may have passed the socket on, so all tasks of the fence are asked. They are asked several times, for
 * processes that fork and exit can be missed.
 */
static int still_held(struct action *act, bool *held)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	bool hidden = act->holder && act->holder->holding != CGFENCE_HOLDING_DESCRIPTOR;
	bool found = has_same_holder(act);
	int result = hidden ? -EOPNOTSUPP
			    : cgroup_open_any_id(act->fence->id, &cgroup, &act->result->failure);

	/* Nobody in a cgroup that is gone holds it. */
	if (result == -ENOENT) {
		act->result->failure.text[0] = '\0';
		result = 0;
	}
	for (int i = 0;
	     i < HOLDER_TRIES && !found && result == 0 && cgroup && cgroup_is_populated(cgroup);
	     i++)
		result = walk(act, cgroup, &found);
	if (!found && result == -EOPNOTSUPP)
		result = second_look_find(&act->pass->second_look, &act->pass->observation->fences,
					  act->fence_index, act->listener, &found,
					  &act->result->failure);
	if (!found && result)
		return result;
	*held = found;
	return 0;
}

int action_is_present(struct action *act, bool *present)
{
	uint64_t recently_ns = boot_time_ns() - RELIST_NS;
	bool listens = still_listens(
		act, recently_ns > act->costs->killed_ns ? recently_ns : act->costs->killed_ns);

	if (listens && !act->made_inside)
		return still_held(act, present);
	*present = listens;
	return 0;
}
