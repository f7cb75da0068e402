/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One action on an excess listener, and what its parts share. */
#pragma once

#include "reconcile/act.h"

struct action {
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

/** action_fail() - the result is a failure. */
static inline void action_fail(struct action *act)
{
	act->result->action = CGFENCE_ACTION_FAILED;
}

/** action_listens_now() - does the socket listen? If in doubt, it does. */
bool action_listens_now(struct action *act);

/** action_is_present() - does it listen, and belong to the fence? Return: 0, or -errno if that is unknown. */
int action_is_present(struct action *act, bool *present);

/** action_silence() - have nothing reach the socket. Return: 0 or -errno. */
int action_silence(struct action *act, struct cgfence_error *failure);

/** action_close() - destroy the socket, or silence it if that cannot be; sets the result. */
void action_close(struct action *act);
