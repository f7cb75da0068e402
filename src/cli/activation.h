/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Socket activation: systemd binds the ports of a .socket unit and the service holds the listeners, which are in excess
 * if its fence does not assign the ports.
 */
#pragma once

#include <cgfence/policy.h>

/**
 * activation_complain() - complain of the ports on which systemd listens for a service and which a policy refuses.
 * @cgroup: its path, or the plain name of a standing fence; nobody is asked unless it is called after a service
 *
 * Where systemd cannot be asked, there is nothing to complain of.
 */
void activation_complain(const char *cgroup, const struct cgfence_policy *policy);

/**
 * activation_complain_of() - the same of one port, which was found to be refused.
 * @kills: does a fence that refuses it kill for listeners in excess?
 */
void activation_complain_of(const char *cgroup, const struct cgfence_port_request *request,
			    bool kills);

/** activation_kills() - does a fence of this policy kill for listeners in excess? */
bool activation_kills(const struct cgfence_policy *policy);
