// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Listeners are listed before holders. A holder whose socket was not listed is newer than the list; the next pass finds
 * it.
 */
#include "reconcile/observe.h"
#include "cgroup/cgroup.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/mountinfo.h"
#include "image/port_table.h"
#include "reconcile/clients.h"
#include "reconcile/holders_find.h"
#include "reconcile/observe_netns.h"
#include "reconcile/sightings.h"

#include <stdio.h>
#include <string.h>

static const int ip_protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE };

#define PROTOCOL_COUNT (sizeof(ip_protocols) / sizeof(ip_protocols[0]))

/* Keeps the first failure only. */
static void note(struct observation *observation, int result, const struct cgfence_error *reason,
		 int *code, struct cgfence_error *error)
{
	if (result == 0)
		return;
	observation->complete = false;
	if (*code == 0)
		*code = error_set(error, -result, "%s", reason->text);
}

/* Does a fence forbid sockets of the protocol something? */
static bool is_judged(const struct observation *observation, int ip_protocol)
{
	const struct listener any = { .ip_protocol = ip_protocol };
	const struct port_fences *fences = &observation->fences;

	for (size_t i = 0; i < fences->count; i++) {
		if (port_table_judges(fences->items[i].image, listener_protocol(&any)))
			return true;
	}
	return false;
}

/* @judged: by protocol */
static int list_listeners(struct observation *observation, size_t netns, const bool *judged,
			  const struct port_claims *claims, struct cgfence_error *error)
{
	struct listeners *list = &observation->listeners;
	size_t first = list->count;
	int code = 0;

	for (size_t i = 0; i < PROTOCOL_COUNT; i++) {
		struct cgfence_error reason = { 0 };

		if (!judged[i])
			continue;
		note(observation,
		     sock_diag_dump(observation->netns[netns], ip_protocols[i], 0, list, &reason),
		     &reason, &code, error);
	}
	for (size_t i = first; i < list->count; i++)
		list->items[i].netns = netns;
	clients_skip(observation, netns, first, claims);
	return code;
}

/* A socket gets its cookie when it is listed, which may be after its holder was found. */
static bool lacks_cookies(const struct observation *observation)
{
	for (size_t i = 0; i < observation->holders.count; i++) {
		if (!observation->holders.items[i].cookie)
			return true;
	}
	return false;
}

static int find_holders(struct observation *observation, const struct hierarchy *hierarchy,
			struct holders_iterator *iterator, struct cgfence_error *error)
{
	observation->holders.count = 0;
	return holders_find(&observation->fences, hierarchy, &observation->listeners, iterator,
			    &observation->holders, error);
}

/* Lists the listeners of the network namespaces from index @first on. */
static void list_all(struct observation *observation, size_t first,
		     const struct port_claims *claims, int *code, struct cgfence_error *error)
{
	bool judged[PROTOCOL_COUNT];

	for (size_t i = 0; i < PROTOCOL_COUNT; i++)
		judged[i] = is_judged(observation, ip_protocols[i]);
	for (size_t i = first; i < observation->netns_count; i++) {
		struct cgfence_error reason = { 0 };

		note(observation, list_listeners(observation, i, judged, claims, &reason), &reason,
		     code, error);
	}
}

/* Looks at the ports of the other fences only where a socket of the one that is observed may be on one of them. */
static int drop_clients_of_one(const struct observation_scope *scope,
			       struct observation *observation, struct cgfence_error *error)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	struct port_claims claims = { 0 };
	struct port_fences fences = { 0 };
	int result = 0;

	if (clients_in_doubt(observation)) {
		result = port_fences_read(0, 0, scope->fences, &hierarchy, &fences, error);
		if (port_claims_make(&fences, &claims))
			result = error_out_of_memory(error);
		clients_drop(observation, &fences, &claims);
	} else {
		clients_drop(observation, &observation->fences, &claims);
	}
	port_claims_free(&claims);
	port_fences_free(&fences);
	return result;
}

static void observe_fences(const struct observation_scope *scope, const struct hierarchy *hierarchy,
			   struct observation *observation, const struct port_claims *claims,
			   int *code, struct cgfence_error *error)
{
	struct cgfence_error reason = { 0 };
	size_t listed;

	note(observation, observe_netns_add(observation, -1, &reason), &reason, code, error);
	note(observation, observe_netns_of_members(observation, hierarchy, &reason), &reason, code,
	     error);
	listed = observation->netns_count;
	list_all(observation, 0, claims, code, error);
	note(observation, find_holders(observation, hierarchy, scope->iterator, &reason), &reason,
	     code, error);
	note(observation, observe_netns_of_holders(observation, &reason), &reason, code, error);
	list_all(observation, listed, claims, code, error);
	if (observation->netns_count > listed && lacks_cookies(observation))
		note(observation, find_holders(observation, hierarchy, scope->iterator, &reason),
		     &reason, code, error);
	note(observation, sightings_find(observation, hierarchy, &reason), &reason, code, error);
	if (claims)
		clients_drop(observation, &observation->fences, claims);
	else
		note(observation, drop_clients_of_one(scope, observation, &reason), &reason, code,
		     error);
}

int observe(const struct observation_scope *scope, struct observation *observation,
	    struct cgfence_error *error)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	struct cgfence_error reason = { 0 };
	struct port_claims claims = { 0 };
	int code = 0;

	*observation = (struct observation){ .complete = true };
	note(observation,
	     port_fences_read(scope->fence_id, 0, scope->fences, &hierarchy, &observation->fences,
			      &reason),
	     &reason, &code, error);
	if (observation->fences.count == 0)
		return code;
	if (!scope->fence_id && port_claims_make(&observation->fences, &claims)) {
		observation->complete = false;
		return error_out_of_memory(error);
	}
	observe_fences(scope, &hierarchy, observation, scope->fence_id ? NULL : &claims, &code,
		       error);
	port_claims_free(&claims);
	return code;
}

/* Keeps only the socket of the event. */
static void keep_one(struct listeners *list, uint64_t cookie)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].cookie == cookie)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

/* The cgroup of the fence, or the member. */
static uint64_t fence_root_of(const struct cgfence_event *event)
{
	return event->member ? event->member : event->cgroup_id;
}

/* Adds the process that listened, if it still runs in the fence. Its descriptor is not known. */
static int add_caller(struct observation *observation, const struct cgfence_event *event)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_holder holder = {
		.fence_id = fence_root_of(event),
		.cookie = event->socket_cookie,
		.inode = observation->listeners.items[0].inode,
		.pid = event->record.pid,
		.thread = event->record.pid,
		.fd = HOLDER_FD_UNKNOWN,
	};
	char name[32];

	snprintf(name, sizeof(name), "pid:%u", event->record.pid);
	if (cgfence_cgroup_open(name, &cgroup, NULL) ||
	    !path_below(cgfence_cgroup_path(cgroup), observation->fences.items[0].path))
		return 0;
	holder.cgroup_id = cgfence_cgroup_id(cgroup);
	memcpy(holder.comm, event->record.comm, sizeof(holder.comm));
	return holders_add(&observation->holders, &holder);
}

int observe_event(const struct cgfence_event *event, struct port_fence_cache *fences,
		  struct observation *observation, struct cgfence_error *error)
{
	struct listeners *listeners = &observation->listeners;
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	int result;

	*observation = (struct observation){ .of_event = true };
	result = port_fences_read(event->cgroup_id, event->member, fences, &hierarchy,
				  &observation->fences, error);
	if (result || observation->fences.count == 0)
		return result;
	result = observe_netns_of_event(observation, event->record.pid, error);
	for (size_t i = 0; i < observation->netns_count && result == 0; i++) {
		size_t first = listeners->count;

		result = sock_diag_dump(observation->netns[i], event->record.subject.type,
					(uint16_t)event->record.subject.major, listeners, error);
		for (size_t item = first; item < listeners->count; item++)
			listeners->items[item].netns = i;
	}
	keep_one(listeners, event->socket_cookie);
	if (result || listeners->count == 0)
		return result;
	/* Before 5.11 the dump does not show the cgroup of a socket, but the event does. */
	if (!event->made_outside)
		listeners->items[0].cgroup_id = fence_root_of(event);
	result = add_caller(observation, event);
	return result ? error_out_of_memory(error) : sightings_find(observation, &hierarchy, error);
}
