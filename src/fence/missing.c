// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/missing.h"
#include "fence/readings.h"
#include "kernel/trial.h"
#include "policy/policy.h"

static bool has_sockops(const struct cgfence_port_table *ports)
{
	return ports->guard == CGFENCE_GUARD_EVENT || ports->guard == CGFENCE_GUARD_KILL ||
	       ports->guard == CGFENCE_GUARD_MUTE;
}

/* A guard is missing if a weaker one is in its place, and one that mutes beside it. */
static size_t add_guards(const struct cgfence_image *image, const char *names[])
{
	const struct cgfence_port_table *ports = &image->ports;
	size_t count = 0;

	if (!hook_guards_tcp(image) || ports->guard == CGFENCE_GUARD_DENY)
		return 0;
	names[count++] = cgfence_guard_name(CGFENCE_GUARD_DENY);
	if (!ports->mutes)
		names[count++] = cgfence_guard_name(CGFENCE_GUARD_MUTE);
	if (ports->on_violation == POLICY_ON_VIOLATION_KILL && ports->guard != CGFENCE_GUARD_KILL)
		names[count++] = cgfence_guard_name(CGFENCE_GUARD_KILL);
	if (ports->guard == CGFENCE_GUARD_NONE)
		names[count++] = cgfence_guard_name(CGFENCE_GUARD_EVENT);
	if (!ports->traced)
		names[count++] = "caller";
	return count;
}

static bool lacks_netns(const struct cgfence_image *image)
{
	return image->socket.netns_by == CGFENCE_NETNS_UNKNOWN ||
	       (!image->ports.netns_any && has_sockops(&image->ports) &&
		image->socket.sockops_netns_by == CGFENCE_NETNS_UNKNOWN);
}

static bool lacks_who(const struct cgfence_image *image)
{
	const struct cgfence_task_layout *task = &image->task;

	return (image->devices.fenced && task->device_by == CGFENCE_TASK_UNKNOWN) ||
	       (image->ports.fenced && task->ports_by == CGFENCE_TASK_UNKNOWN) ||
	       (has_sockops(&image->ports) && task->sockops_by == CGFENCE_TASK_UNKNOWN);
}

size_t fence_missing_from(const struct cgfence_image *image, const char *names[FENCE_MISSING_MAX])
{
	bool ports = image->ports.fenced;
	size_t count = add_guards(image, names);

	if (ports && image->ports.by_family && !image->socket.has_v6only_bit)
		names[count++] = "v6only";
	if (ports && image->socket.port_range_unread)
		names[count++] = "port_range";
	if (ports && lacks_netns(image))
		names[count++] = "netns";
	if (lacks_who(image))
		names[count++] = "who";
	names[count] = NULL;
	return count;
}

size_t fence_missing(const struct cgfence_image *image, const char *names[FENCE_MISSING_MAX])
{
	size_t count = fence_missing_from(image, names);
	bool holders;

	if (!image->ports.fenced)
		return count;
	/* Without the iterators nobody finds what is on its way. */
	holders = trial_recall(TRIAL_HOLDERS) != TRIAL_REFUSED;
	if (!holders)
		names[count++] = "holders";
	if (!holders || trial_recall(TRIAL_IN_FLIGHT) == TRIAL_REFUSED)
		names[count++] = "in_flight";
	names[count] = NULL;
	return count;
}
