// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/act.h"
#include "cgroup/cgroup.h"
#include "cgroup/kill.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/fence.h"
#include "cgroup/mountinfo.h"
#include "kernel/pins.h"
#include "net/borrow.h"
#include "net/silence.h"
#include "reconcile/holders_walk.h"

#include <stdio.h>
#include <time.h>

/* How long to wait for a command that changes the fence. */
#define LOCK_TRIES 50
#define LOCK_TRY_NS (10 * 1000 * 1000)

/* How long a socket may outlive its last holder. */
#define VANISH_TRIES 10
#define VANISH_TRY_NS (10 * 1000 * 1000)

/* How often to look through all tasks of the fence for a holder of the socket. */
#define HOLDER_TRIES 10

/* The data that the steps of one action share. */
struct act {
	const struct observation *observation;
	struct second_look *second_look;
	const struct port_fence *fence;
	size_t fence_index;
	const struct listener *listener;
	const struct cgfence_holder *holder; /* NULL if there is none */
	bool made_inside;
	bool silenced; /* by this action */
	struct sock_diag *diag;
	struct act_result *result;
};

static void fail(struct act *act)
{
	act->result->action = CGFENCE_ACTION_FAILED;
}

/* If in doubt, it still listens. */
static bool still_listens(const struct act *act)
{
	bool contains = true;

	sock_diag_contains(act->diag, act->listener, &contains, NULL);
	return contains;
}

static bool is_below_fence(const struct act *act, uint32_t thread)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	char name[32];

	snprintf(name, sizeof(name), "pid:%u", thread);
	return cgfence_cgroup_open(name, &cgroup, NULL) == 0 &&
	       path_below(cgfence_cgroup_path(cgroup), cgfence_cgroup_path(act->fence->cgroup));
}

/* The descriptor, the pid and the inode number may belong to another socket by now. */
static bool has_same_holder(const struct act *act)
{
	cleanup_close int fd = act->holder ? socket_borrow(act->holder) : -1;

	return fd >= 0 && is_below_fence(act, act->holder->thread);
}

static int walk(const struct act *act, bool *held)
{
	const struct wanted_socket wanted = {
		.inode = act->listener->inode,
		.cookie = act->listener->cookie,
	};
	struct holders holders = { 0 };
	int result = holders_walk(act->fence->cgroup, &wanted, 1, &holders, &act->result->failure);

	*held = holders.count > 0;
	holders_free(&holders);
	return result;
}

/*
 * The holder may have passed the socket on, so all tasks of the fence are asked. They are asked several times, for
 * processes that fork and exit can be missed.
 */
static int still_held(const struct act *act, bool *held)
{
	bool hidden = act->holder && act->holder->holding != CGFENCE_HOLDING_DESCRIPTOR;
	bool found = has_same_holder(act);
	int result = hidden ? -EOPNOTSUPP : 0;

	for (int i = 0;
	     i < HOLDER_TRIES && !found && result == 0 && cgroup_is_populated(act->fence->cgroup);
	     i++)
		result = walk(act, &found);
	if (!found && result == -EOPNOTSUPP)
		result = second_look_find(act->second_look, &act->observation->fences,
					  act->fence_index, act->listener, &found,
					  &act->result->failure);
	if (!found && result)
		return result;
	*held = found;
	return 0;
}

/* Does it listen, and belong to the fence? Return: 0, or -errno if that is unknown. */
static int is_present(const struct act *act, bool *present)
{
	bool listens = still_listens(act);

	if (listens && !act->made_inside)
		return still_held(act, present);
	*present = listens;
	return 0;
}

static void silence(struct act *act)
{
	if (act->holder && socket_silence(act->holder, act->listener, &act->result->failure) == 0)
		act->silenced = true;
}

static void close_socket(struct act *act)
{
	struct cgfence_error *failure = &act->result->failure;
	int code;

	if (act->silenced || socket_is_silent(act->holder, act->listener)) {
		/* Once more: its owner may have undone a part of it, or have done a part of it itself. */
		silence(act);
		act->result->action = CGFENCE_ACTION_SILENCED;
		return;
	}
	code = sock_diag_destroy(act->diag, act->listener, failure);
	if (!still_listens(act)) {
		act->result->action = code == -ENOENT ? CGFENCE_ACTION_NONE : CGFENCE_ACTION_CLOSED;
		return;
	}
	if (code == 0)
		error_set(failure, EBUSY, "the socket keeps its port");
	if (!act->holder || socket_silence(act->holder, act->listener, failure))
		fail(act);
	else
		act->result->action = still_listens(act) ? CGFENCE_ACTION_SILENCED
							 : CGFENCE_ACTION_CLOSED;
}

/* Another scan of all descriptors may hold the socket for a moment, so wait until that is over. */
static bool vanishes(const struct act *act)
{
	const struct timespec pause = { .tv_nsec = VANISH_TRY_NS };

	for (int i = 0; i < VANISH_TRIES && still_listens(act); i++)
		nanosleep(&pause, NULL);
	return !still_listens(act);
}

/*
 * A socket that also has a holder outside survives the kill of the fence, and is closed after it. UDP keeps its port then,
 * and is silenced while there is a descriptor to do it by.
 */
static void kill_fence(struct act *act)
{
	bool populated = cgroup_is_populated(act->fence->cgroup);

	if (act->listener->ip_protocol != IPPROTO_TCP)
		silence(act);
	if (cgroup_kill(act->fence->cgroup, &act->result->failure)) {
		fail(act);
		return;
	}
	if (still_listens(act))
		close_socket(act);
	if (act->result->action == CGFENCE_ACTION_FAILED && vanishes(act))
		act->result->action = CGFENCE_ACTION_NONE;
	if (populated && act->result->action != CGFENCE_ACTION_FAILED)
		act->result->action = CGFENCE_ACTION_KILLED;
}

/* With the fence locked. */
static void look_again_and_act(struct act *act)
{
	cleanup_free struct cgfence_image *image = NULL;
	enum reconcile_response response;
	bool present = false;
	int code = fence_read_port_image(act->fence->id, &image, &act->result->failure);

	if (code == -ENOENT)
		return;
	if (code) {
		fail(act);
		return;
	}
	if (!listener_is_excess(image, act->listener) ||
	    !netns_concerns(image, sock_diag_netns(act->diag)))
		return;
	response = reconcile_plan_response(image);
	if (response == RECONCILE_LOG)
		act->result->action = CGFENCE_ACTION_LOGGED;
	else if (is_present(act, &present))
		fail(act);
	else if (!present)
		act->result->gone = true;
	else if (response == RECONCILE_CLOSE)
		close_socket(act);
	else
		kill_fence(act);
}

static int lock_fence(uint64_t id, int *lock)
{
	const struct timespec pause = { .tv_nsec = LOCK_TRY_NS };
	int result = pins_try_lock(id, lock);

	for (int i = 1; i < LOCK_TRIES && result == -EWOULDBLOCK; i++) {
		nanosleep(&pause, NULL);
		result = pins_try_lock(id, lock);
	}
	return result;
}

void act_on(const struct observation *observation, const struct sighting *sighting,
	    struct second_look *second_look, struct act_result *result)
{
	const struct listener *listener = &observation->listeners.items[sighting->listener];
	struct act act = {
		.observation = observation,
		.second_look = second_look,
		.fence = &observation->fences.items[sighting->fence],
		.fence_index = sighting->fence,
		.listener = listener,
		.holder = sighting->holder == SIGHTING_NO_HOLDER
				  ? NULL
				  : &observation->holders.items[sighting->holder],
		.made_inside = sighting->made_inside,
		.diag = observation->netns[listener->netns],
		.result = result,
	};
	int lock = -1;
	int code;

	*result = (struct act_result){ .action = CGFENCE_ACTION_NONE };
	code = lock_fence(act.fence->id, &lock);
	if (code == -ENOENT)
		return; /* the fence is gone */
	if (code) {
		error_set(&result->failure, -code, "another command is changing the fence");
		fail(&act);
		return;
	}
	look_again_and_act(&act);
	pins_unlock(act.fence->id, lock);
	if (result->action != CGFENCE_ACTION_FAILED)
		result->failure = (struct cgfence_error){ 0 };
}
