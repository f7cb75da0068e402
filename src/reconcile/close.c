// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/close.h"
#include "base/error.h"
#include "base/yield.h"
#include "net/silence.h"
#include "reconcile/presence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Of the sockets that share a port by SO_REUSEPORT the hash of the remote end selects one (reuseport_select_sock,
 * net/core/sock_reuseport.c), so this tries one remote port after the other; for all sockets of a fence in a pass at most
 * so often in vain.
 */
#define REMOTE_PORTS 4096
#define SEARCHES_MAX 65536

/* After that of a kill, if there is one. */
static void add_failure(struct action *act, const struct cgfence_error *failure)
{
	struct cgfence_error *all = &act->result->failure;
	size_t length = strlen(all->text);

	snprintf(all->text + length, sizeof(all->text) - length, "%s%s", length ? "; " : "",
		 failure->text);
}

/* It changes the interface by which the kernel finds a UDP socket. */
static int silence_by(struct action *act, const struct cgfence_holder *holder,
		      struct cgfence_error *failure)
{
	int result =
		holder ? socket_silence(holder, act->listener, failure)
		       : error_set(
				 failure, ESRCH,
				 "the socket cannot be destroyed, and nobody who holds it is found");

	act->reachable = false;
	act->silenced = act->silenced || result == 0;
	return result;
}

/* Its holder in the fence may be gone, or have no descriptor, while somebody outside has one. */
int action_silence(struct action *act, struct cgfence_error *failure)
{
	int result = act->holder ? silence_by(act, act->holder, NULL) : -ESRCH;

	return result == -ESRCH
		       ? silence_by(act,
				    host_look_find(&act->pass->host_look, act->listener->cookie),
				    failure)
		       : result;
}

/*
 * Did the socket that was destroyed go? Of those that share the port by SO_REUSEPORT, the kernel finds another one then.
 * A UDP socket may keep its port and yet be found no more in such a group.
 */
static bool is_closed(struct action *act)
{
	uint64_t cookie = 0;
	int result = sock_diag_find(act->diag, act->listener, act->remote_port, &cookie);

	if (result == 0 && cookie != act->listener->cookie)
		return act->listener->ip_protocol == IPPROTO_TCP || !action_listens_now(act);
	return result == -ENOENT;
}

/*
 * Another socket is found in place of this one. If it is to be acted on as well, that is done first: so a group that is
 * in excess as a whole is closed in the order in which the kernel finds its members.
 */
static bool take_first(struct action *act, uint64_t cookie, uint16_t remote_port)
{
	struct act_pass *pass = act->pass;
	bool taken;

	if (pass->nested)
		return false;
	pass->nested = true;
	pass->remote_port = remote_port;
	taken = pass->take_first(act->fence_index, cookie, pass->context);
	pass->remote_port = 0;
	pass->nested = false;
	return taken;
}

/* Return: 0, -ENOENT if it is not there or cannot be reached, another -errno. */
static int destroy(struct action *act, struct cgfence_error *failure)
{
	int result = sock_diag_destroy(act->diag, act->listener, act->remote_port, failure);
	unsigned int port = 0;

	for (; result == -ENOENT; yield_now()) {
		uint64_t cookie = 0;
		int found = sock_diag_find(act->diag, act->listener, (uint16_t)port, &cookie);

		if (port == 0 && found == -ENOENT)
			return error_set(failure, ENOENT, "it is gone");
		if (found == 0 && cookie == act->listener->cookie) {
			act->remote_port = (uint16_t)port;
			result = sock_diag_destroy(act->diag, act->listener, act->remote_port,
						   failure);
			if (result != -ENOENT)
				break;
		} else if (found == 0 && take_first(act, cookie, (uint16_t)port)) {
			continue;
		}
		if (++port > REMOTE_PORTS || ++act->costs->searches > SEARCHES_MAX)
			return error_set(failure, ENOENT,
					 "the kernel finds another socket in its place");
	}
	return result;
}

void action_close(struct action *act)
{
	struct cgfence_error failure = { 0 };
	int code;

	if (act->silenced || socket_is_silent(act->holder, act->listener)) {
		/* Once more: its owner may have undone a part of it, or have done a part of it itself. */
		silence_by(act, act->holder, NULL);
		act->result->action = CGFENCE_ACTION_SILENCED;
		return;
	}
	code = destroy(act, &failure);
	if (code == 0 ? is_closed(act) : code == -ENOENT && !action_listens_now(act)) {
		act->result->action = code ? CGFENCE_ACTION_NONE : CGFENCE_ACTION_CLOSED;
		return;
	}
	if (code == 0)
		error_set(&failure, EBUSY, "the socket keeps its port");
	if (action_silence(act, &failure)) {
		add_failure(act, &failure);
		action_fail(act);
	} else if (act->listener->ip_protocol != IPPROTO_TCP || action_listens_now(act)) {
		act->result->action = CGFENCE_ACTION_SILENCED;
	} else {
		act->result->action = CGFENCE_ACTION_CLOSED;
	}
}
