// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/act.h"
#include "cgroup/cgroup.h"
#include "cgroup/kill.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "fence/fence.h"
#include "cgroup/mountinfo.h"
#include "kernel/pins.h"
#include "net/borrow.h"
#include "net/silence.h"
#include "reconcile/holders_walk.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* How long to wait for a command that changes the fence. */
#define LOCK_TRIES 50
#define LOCK_TRY_NS (10 * 1000 * 1000)

/* How long the steps of a pass wait for the processes and sockets of one fence to go. */
#define WAIT_MS 200
#define VANISH_TRY_MS 10

/* How often a step looks through all tasks of the fence for a holder of the socket, and all steps of a pass do. */
#define HOLDER_TRIES 10
#define WALKS_MAX 50

/* How old the list may be that tells that a socket is there. */
#define RELIST_NS (100 * 1000 * 1000)

/* The data that the steps of one action share. */
struct act {
	struct act_pass *pass;
	struct act_costs *costs;
	const struct port_fence *fence;
	size_t fence_index;
	const struct listener *listener;
	const struct cgfence_holder *holder; /* NULL if there is none */
	bool made_inside;
	bool silenced; /* by this action */
	struct sock_diag *diag;
	/* The kernel finds the socket with this remote port. */
	bool reachable;
	uint16_t remote_port;
	bool kill_failed;
	struct act_result *result;
};

int act_pass_begin(struct act_pass *pass, const struct observation *observation,
		   struct holders_iterator *iterator, uint64_t *locked)
{
	*pass = (struct act_pass){
		.observation = observation,
		.locked = locked,
		.second_look.iterator = iterator,
		.relist.observation = observation,
		.costs = calloc(observation->fences.count + 1, sizeof(*pass->costs)),
	};
	return pass->costs ? 0 : -ENOMEM;
}

void act_pass_end(struct act_pass *pass)
{
	second_look_free(&pass->second_look);
	relist_free(&pass->relist);
	free(pass->costs);
	pass->costs = NULL;
}

static void fail(struct act *act)
{
	act->result->action = CGFENCE_ACTION_FAILED;
}

/* After that of a kill, if there is one. */
static void add_failure(struct act *act, const struct cgfence_error *failure)
{
	struct cgfence_error *all = &act->result->failure;
	size_t length = strlen(all->text);

	snprintf(all->text + length, sizeof(all->text) - length, "%s%s", length ? "; " : "",
		 failure->text);
}

/*
 * Looks for the socket alone, which costs the same however many there are. Where the kernel finds another one, by
 * SO_REUSEPORT or on an address that is more general, all are listed. If in doubt, it still listens.
 */
static bool still_listens(struct act *act, uint64_t since_ns)
{
	uint64_t cookie = 0;
	int result = sock_diag_find(act->diag, act->listener, act->remote_port, &cookie);

	if (result == 0 && cookie == act->listener->cookie) {
		act->reachable = true;
		return true;
	}
	if (act->reachable && result == -ENOENT)
		return false;
	return relist_has(&act->pass->relist, act->listener->cookie, since_ns);
}

static bool listens_now(struct act *act)
{
	return still_listens(act, boot_time_ns());
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

static int walk(struct act *act, bool *held)
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
	result = holders_walk(act->fence->cgroup, &wanted, 1, &holders, &act->result->failure);

	*held = holders.count > 0;
	holders_free(&holders);
	return result;
}

/*
 * The holder may have passed the socket on, so all tasks of the fence are asked. They are asked several times, for
 * processes that fork and exit can be missed.
 */
static int still_held(struct act *act, bool *held)
{
	bool hidden = act->holder && act->holder->holding != CGFENCE_HOLDING_DESCRIPTOR;
	bool found = has_same_holder(act);
	int result = hidden ? -EOPNOTSUPP : 0;

	for (int i = 0;
	     i < HOLDER_TRIES && !found && result == 0 && cgroup_is_populated(act->fence->cgroup);
	     i++)
		result = walk(act, &found);
	if (!found && result == -EOPNOTSUPP)
		result = second_look_find(&act->pass->second_look, &act->pass->observation->fences,
					  act->fence_index, act->listener, &found,
					  &act->result->failure);
	if (!found && result)
		return result;
	*held = found;
	return 0;
}

/* Does it listen, and belong to the fence? Return: 0, or -errno if that is unknown. */
static int is_present(struct act *act, bool *present)
{
	uint64_t recently_ns = boot_time_ns() - RELIST_NS;
	bool listens = still_listens(
		act, recently_ns > act->costs->killed_ns ? recently_ns : act->costs->killed_ns);

	if (listens && !act->made_inside)
		return still_held(act, present);
	*present = listens;
	return 0;
}

/* It changes the interface by which the kernel finds a UDP socket. Return: 0 or -errno. */
static int silence(struct act *act, struct cgfence_error *failure)
{
	int result = act->holder ? socket_silence(act->holder, act->listener, failure) : -ESRCH;

	act->reachable = false;
	act->silenced = act->silenced || result == 0;
	return result;
}

/*
 * Did the socket that was destroyed go? Of those that share the port by SO_REUSEPORT, the kernel finds another one then.
 * A UDP socket may keep its port and yet be found no more in such a group.
 */
static bool is_closed(struct act *act)
{
	uint64_t cookie = 0;
	int result = sock_diag_find(act->diag, act->listener, act->remote_port, &cookie);

	if (result == 0 && cookie != act->listener->cookie)
		return act->listener->ip_protocol == IPPROTO_TCP || !listens_now(act);
	return result == -ENOENT;
}

static void close_socket(struct act *act)
{
	struct cgfence_error failure = { 0 };
	int code;

	if (act->silenced || socket_is_silent(act->holder, act->listener)) {
		/* Once more: its owner may have undone a part of it, or have done a part of it itself. */
		silence(act, NULL);
		act->result->action = CGFENCE_ACTION_SILENCED;
		return;
	}
	code = sock_diag_destroy(act->diag, act->listener, &act->remote_port, &failure);
	if (code == 0 ? is_closed(act) : code == -ENOENT && !listens_now(act)) {
		act->result->action = code ? CGFENCE_ACTION_NONE : CGFENCE_ACTION_CLOSED;
		return;
	}
	if (code == 0)
		error_set(&failure, EBUSY, "the socket keeps its port");
	if (silence(act, &failure)) {
		add_failure(act, &failure);
		fail(act);
	} else if (act->listener->ip_protocol != IPPROTO_TCP || listens_now(act)) {
		act->result->action = CGFENCE_ACTION_SILENCED;
	} else {
		act->result->action = CGFENCE_ACTION_CLOSED;
	}
}

/* Another scan of all descriptors may hold the socket for a moment, so wait until that is over. */
static bool vanishes(struct act *act)
{
	const struct timespec pause = { .tv_nsec = VANISH_TRY_MS * 1000 * 1000 };
	bool listens = listens_now(act);

	for (; listens && act->costs->waited_ms < WAIT_MS; act->costs->waited_ms += VANISH_TRY_MS) {
		nanosleep(&pause, NULL);
		yield_now();
		listens = listens_now(act);
	}
	return !listens;
}

/* Waits at most for what the steps before have left of the time of the fence. */
static int kill_and_wait(struct act *act)
{
	uint64_t begin_ns = boot_time_ns();
	int result = cgroup_kill(act->fence->cgroup, WAIT_MS - act->costs->waited_ms,
				 &act->result->failure);
	uint64_t took_ms = (boot_time_ns() - begin_ns) / 1000000;

	/* Events of other fences may have been handled meanwhile. */
	if (result == -EBUSY || took_ms > WAIT_MS - act->costs->waited_ms)
		act->costs->waited_ms = WAIT_MS;
	else
		act->costs->waited_ms += (unsigned int)took_ms;
	act->costs->killed_ns = boot_time_ns();
	return result;
}

/*
 * A socket that also has a holder outside survives the kill of the fence, and is closed after it. UDP keeps its port then,
 * and is silenced while there is a descriptor to do it by.
 */
static void kill_fence(struct act *act)
{
	bool populated = cgroup_is_populated(act->fence->cgroup);

	if (act->listener->ip_protocol != IPPROTO_TCP)
		silence(act, NULL);
	act->kill_failed = kill_and_wait(act) != 0;
	if (listens_now(act))
		close_socket(act);
	if (act->kill_failed) {
		if (act->result->action == CGFENCE_ACTION_NONE)
			fail(act);
		return;
	}
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
	int code = fence_read_port_image(port_fence_identity(act->fence), &image,
					 &act->result->failure);

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

static int lock_fence(struct act *act, int *lock)
{
	const struct timespec pause = { .tv_nsec = LOCK_TRY_NS };
	int result = pins_try_lock(port_fence_identity(act->fence), lock);

	for (int i = 1; i < LOCK_TRIES && result == -EWOULDBLOCK && !act->costs->busy; i++) {
		nanosleep(&pause, NULL);
		yield_now();
		result = pins_try_lock(port_fence_identity(act->fence), lock);
	}
	act->costs->busy = result == -EWOULDBLOCK;
	return result;
}

static void lock_and_act(struct act *act)
{
	uint64_t locked_before = *act->pass->locked;
	int lock = -1;
	int code = lock_fence(act, &lock);

	if (code == -ENOENT)
		return; /* the fence is gone */
	if (code) {
		error_set(&act->result->failure, -code, "another command is changing the fence");
		fail(act);
		return;
	}
	*act->pass->locked = port_fence_identity(act->fence);
	look_again_and_act(act);
	*act->pass->locked = locked_before;
	pins_unlock(port_fence_identity(act->fence), lock);
}

void act_on(struct act_pass *pass, const struct sighting *sighting, struct act_result *result)
{
	const struct observation *observation = pass->observation;
	const struct listener *listener = &observation->listeners.items[sighting->listener];
	struct act act = {
		.pass = pass,
		.costs = &pass->costs[sighting->fence],
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

	*result = (struct act_result){ .action = CGFENCE_ACTION_NONE };
	if (*pass->locked == port_fence_identity(act.fence))
		look_again_and_act(&act);
	else
		lock_and_act(&act);
	if (result->action != CGFENCE_ACTION_FAILED && !act.kill_failed)
		result->failure = (struct cgfence_error){ 0 };
}
