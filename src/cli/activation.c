// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/activation.h"
#include "base/cleanup.h"
#include "cli/systemctl.h"
#include "report/output.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE ".service"
#define SOCKET ".socket"

static bool has_ending(const char *text, const char *ending)
{
	size_t length = strlen(text);

	return length > strlen(ending) && strcmp(text + length - strlen(ending), ending) == 0;
}

/* ---- the service of a cgroup ---- */

struct service {
	char *sockets; /* the units that start it, with blanks; NULL for none */
	char *cgroup;  /* "" or NULL while it does not run */
	char *slice;
};

static void release_service(struct service *service)
{
	free(service->sockets);
	free(service->cgroup);
	free(service->slice);
}

static void keep(char **kept, const char *value)
{
	free(*kept);
	*kept = strdup(value);
}

static void take_of_service(const char *name, const char *value, void *context)
{
	struct service *service = context;

	if (strcmp(name, "TriggeredBy") == 0)
		keep(&service->sockets, value);
	else if (strcmp(name, "ControlGroup") == 0)
		keep(&service->cgroup, value);
	else if (strcmp(name, "Slice") == 0)
		keep(&service->slice, value);
}

/* The name of a service that a cgroup is called after, or NULL. */
static const char *find_service(const char *cgroup)
{
	const char *slash = strrchr(cgroup, '/');
	const char *name = slash ? slash + 1 : cgroup;

	return has_ending(name, SERVICE) && systemctl_takes(name) ? name : NULL;
}

/* Is the slice of a service that does not run the one that is above its name? */
static bool is_below_slice(const char *cgroup, const char *name, const char *slice)
{
	size_t above = (size_t)(name - cgroup);
	size_t length = strlen(slice);

	if (above <= 1)
		return strcmp(slice, "-.slice") == 0;
	return length && above > length && strncmp(name - 1 - length, slice, length) == 0 &&
	       (above == length + 1 || name[-2 - (ptrdiff_t)length] == '/');
}

/* A service of a user's manager may have the name of one of the system's. */
static bool is_its_cgroup(const struct service *service, const char *cgroup, const char *name)
{
	if (service->cgroup && *service->cgroup)
		return strcmp(service->cgroup, cgroup) == 0 ||
		       strcmp(service->cgroup + 1, cgroup) == 0 ||
		       has_ending(cgroup, service->cgroup);
	return service->slice && is_below_slice(cgroup, name, service->slice);
}

/* ---- the ports of a socket ---- */

/* A search for one port or for all that a policy refuses, with what is known of the socket that is read. */
struct search {
	const char *service;
	const char *socket;
	const struct cgfence_policy *policy; /* NULL to look for @request */
	const struct cgfence_port_request *request;
	bool kills;
	bool accepts; /* the service gets connections, and no listener */
	bool is_sctp;
	bool v6only;
};

static void take_of_socket(const char *name, const char *value, void *context)
{
	struct search *search = context;

	if (strcmp(name, "Accept") == 0)
		search->accepts = strcmp(value, "yes") == 0;
	else if (strcmp(name, "BindIPv6Only") == 0)
		search->v6only = strcmp(value, "ipv6-only") == 0;
	else if (strcmp(name, "SocketProtocol") == 0)
		search->is_sctp = strtol(value, NULL, 10) == IPPROTO_SCTP;
}

static bool parse_kind(const char *kind, enum cgfence_protocol *protocol)
{
	if (strcmp(kind, "(Stream)") == 0)
		*protocol = CGFENCE_TCP;
	else if (strcmp(kind, "(Datagram)") == 0)
		*protocol = CGFENCE_UDP;
	else
		return false;
	return true;
}

/* "[::]:8080", "[fe80::1]:8080%eth0", "0.0.0.0:8080"; other sockets have a path, or a name of another form. */
static bool parse_address(const char *address, bool v6only, struct cgfence_port_request *request)
{
	static const char mapped[] = "[::ffff:";
	bool is_six = *address == '[';
	bool is_mapped = strncmp(address, mapped, sizeof(mapped) - 1) == 0;
	const char *end = is_six ? strchr(address, ']') : address + strspn(address, "0123456789.");
	unsigned int port;

	if (!end || end == address || sscanf(end + is_six, ":%5u", &port) != 1 || !port ||
	    port > UINT16_MAX)
		return false;
	request->port = (uint16_t)port;
	request->families[CGFENCE_IPV6] = is_six && !is_mapped;
	request->families[CGFENCE_IPV4] = !is_six || is_mapped ||
					  (!v6only && strncmp(address, "[::]", 4) == 0);
	return true;
}

static bool serves(const struct cgfence_port_request *server,
		   const struct cgfence_port_request *request)
{
	bool shares = false;

	for (int i = 0; i < CGFENCE_FAMILY_COUNT; i++)
		shares = shares || (server->families[i] && request->families[i]);
	return shares && server->protocol == request->protocol && server->port == request->port;
}

static bool is_refused(const struct search *search, const struct cgfence_port_request *request)
{
	struct cgfence_explanation explanation;

	if (!search->policy)
		return serves(request, search->request);
	return cgfence_policy_explain_port(search->policy, request, &explanation, NULL) == 0 &&
	       !explanation.allowed;
}

/* The kind stands behind the address, "[::]:8080 (Stream)". */
static void look_at_listener(const char *name, const char *value, void *context)
{
	const struct search *search = context;
	const char *kind = strrchr(value, ' ');
	struct cgfence_port_request request = { 0 };

	if (strcmp(name, "Listen") != 0 || !kind || !parse_kind(kind + 1, &request.protocol) ||
	    !parse_address(value, search->v6only, &request) || !is_refused(search, &request))
		return;
	output_complain(
		"%s listens on %s %.*s for %s, which holds that listener then: it is in excess%s; assign the port",
		search->socket, cgfence_protocol_name(request.protocol), (int)(kind - value), value,
		search->service, search->kills ? ", and the service is killed for it" : "");
}

/* systemd has an order of its own for properties, so those that matter for the listeners are read before these. */
static void look_at_socket(struct search *search)
{
	search->accepts = search->is_sctp = search->v6only = false;
	systemctl_show(search->socket, "Accept,BindIPv6Only,SocketProtocol", take_of_socket,
		       search);
	if (!search->accepts && !search->is_sctp)
		systemctl_show(search->socket, "Listen", look_at_listener, search);
}

static void look(const char *cgroup, struct search *search)
{
	__attribute__((cleanup(release_service))) struct service service = { 0 };
	const char *name = find_service(cgroup);
	char *rest;

	if (!name)
		return;
	systemctl_show(name, "TriggeredBy,ControlGroup,Slice", take_of_service, &service);
	if (!service.sockets || !is_its_cgroup(&service, cgroup, name))
		return;
	search->service = name;
	rest = service.sockets;
	while ((search->socket = strsep(&rest, " "))) {
		if (has_ending(search->socket, SOCKET))
			look_at_socket(search);
	}
}

bool activation_kills(const struct cgfence_policy *policy)
{
	cleanup_free char *text = NULL;
	const char *action;
	json_t *written;
	bool kills;

	if (!cgfence_policy_enforces(policy) || cgfence_policy_format(policy, &text, NULL))
		return false;
	written = json_loads(text, 0, NULL);
	action = json_string_value(json_object_get(written, "on_violation"));
	kills = action && strcmp(action, "kill") == 0;
	json_decref(written);
	return kills;
}

void activation_complain(const char *cgroup, const struct cgfence_policy *policy)
{
	if (cgfence_policy_fences(policy, CGFENCE_TOPIC_PORTS))
		look(cgroup,
		     &(struct search){ .policy = policy, .kills = activation_kills(policy) });
}

void activation_complain_of(const char *cgroup, const struct cgfence_port_request *request,
			    bool kills)
{
	look(cgroup, &(struct search){ .request = request, .kills = kills });
}
