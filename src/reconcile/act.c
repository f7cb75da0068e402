// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/act.h"
#include "cgroup/cgroup.h"
#include "cgroup/kill.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "fence/fence.h"
#include "kernel/pins.h"
#include "reconcile/close.h"
#include "reconcile/presence.h"

#include <string.h>
#include <time.h>

/* How long to wait for a command that changes the fence. */
#define LOCK_TRIES 50
#define LOCK_TRY_NS (10 * 1000 * 1000)

/* How long the steps of a pass wait for the processes and sockets of one fence to go. */
#define WAIT_MS 200
#define VANISH_TRY_MS 10

int act_pass_begin(struct act_pass *pass, const struct observation *observation,
		   struct holders_iterator *iterator)
{
	*pass = (struct act_pass){
		.observation = observation,
		.second_look.iterator = iterator,
		.host_look.observation = observation,
		.relist.observation = observation,
		.costs = calloc(observation->fences.count + 1, sizeof(*pass->costs)),
	};
	return pass->costs ? 0 : -ENOMEM;
}

void act_pass_end(struct act_pass *pass)
{
	second_look_free(&pass->second_look);
	host_look_free(&pass->host_look);
	relist_free(&pass->relist);
	free(pass->costs);
	pass->costs = NULL;
}

/* Another scan of all descriptors may hold the socket for a moment, so wait until that is over. */
static bool vanishes(struct action *act)
{
	const struct timespec pause = { .tv_nsec = VANISH_TRY_MS * 1000 * 1000 };
	bool listens = action_listens_now(act);

	for (; listens && act->costs->waited_ms < WAIT_MS; act->costs->waited_ms += VANISH_TRY_MS) {
		nanosleep(&pause, NULL);
		yield_now();
		listens = action_listens_now(act);
	}
	return !listens;
}

/* Waits at most for what the steps before have left of the time of the fence. */
static int kill_and_wait(struct action *act, struct cgfence_cgroup *cgroup)
{
	uint64_t begin_ns = boot_time_ns();
	int result = cgroup_kill(cgroup, WAIT_MS - act->costs->waited_ms, &act->result->failure);
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
static void kill_fence(struct action *act)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int opened = cgroup_open_any_id(act->fence->id, &cgroup, &act->result->failure);
	bool populated = opened == 0 && cgroup_is_populated(cgroup);

	if (act->listener->ip_protocol != IPPROTO_TCP)
		action_silence(act, NULL);
	/* There is nobody to be killed in a cgroup that is gone. */
	act->kill_failed = opened ? opened != -ENOENT : kill_and_wait(act, cgroup) != 0;
	/* Known before the others of a group are acted on, which may be gone by this. */
	act->costs->killed = act->costs->killed || (populated && !act->kill_failed);
	if (action_listens_now(act))
		action_close(act);
	if (act->kill_failed) {
		if (act->result->action == CGFENCE_ACTION_NONE)
			action_fail(act);
		return;
	}
	if (act->result->action == CGFENCE_ACTION_FAILED && vanishes(act))
		act->result->action = CGFENCE_ACTION_NONE;
	if (populated && act->result->action != CGFENCE_ACTION_FAILED)
		act->result->action = CGFENCE_ACTION_KILLED;
}

/* With the fence locked. */
static void look_again_and_act(struct action *act)
{
	cleanup_free struct cgfence_image *image = NULL;
	enum reconcile_response response;
	bool present = false;
	int code = fence_read_port_image(port_fence_identity(act->fence), &image,
					 &act->result->failure);

	if (code == -ENOENT)
		return;
	if (code) {
		action_fail(act);
		return;
	}
	if (!listener_is_excess(image, act->listener) ||
	    !netns_concerns(image, sock_diag_netns(act->diag)))
		return;
	response = reconcile_plan_response(image);
	if (response == RECONCILE_LOG)
		act->result->action = CGFENCE_ACTION_LOGGED;
	else if (action_is_present(act, &present))
		action_fail(act);
	else if (!present)
		act->result->gone = true;
	else if (response == RECONCILE_CLOSE)
		action_close(act);
	else
		kill_fence(act);
}

static int lock_fence(struct action *act, int *lock)
{
	const struct timespec pause = { .tv_nsec = LOCK_TRY_NS };
	/* In the midst of another call nobody looks at the events of others, and that call may have the lock itself. */
	int tries = yield_is_running() ? 1 : LOCK_TRIES;
	int result = pins_try_lock(port_fence_identity(act->fence), lock);

	for (int i = 1; i < tries && result == -EWOULDBLOCK && !act->costs->busy; i++) {
		nanosleep(&pause, NULL);
		yield_now();
		result = pins_try_lock(port_fence_identity(act->fence), lock);
	}
	act->costs->busy = result == -EWOULDBLOCK;
	return result;
}

static void explain_lock(struct action *act, int code)
{
	if (code == -EWOULDBLOCK)
		error_set(&act->result->failure, -code, "another command is changing the fence");
	else if (pins_check(port_fence_identity(act->fence), &act->result->failure) == 0)
		error_set(&act->result->failure, -code, "its pins cannot be locked: %s",
			  strerror(-code));
}

static void lock_and_act(struct action *act)
{
	uint64_t locked_before = *act->pass->locked;
	int lock = -1;
	int code = lock_fence(act, &lock);

	if (code == -ENOENT)
		return; /* the fence is gone */
	if (code == -EWOULDBLOCK && yield_is_running()) {
		act->result->put_off = true;
		return;
	}
	if (code) {
		explain_lock(act, code);
		action_fail(act);
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
	struct action act = {
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
		.remote_port = pass->remote_port,
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
