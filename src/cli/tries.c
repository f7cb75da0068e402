// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/tries.h"
#include "base/cleanup.h"
#include "cli/try_pass.h"
#include "report/handles.h"

#include <arpa/inet.h>
#include <cgfence/standing.h>
#include <cgfence/trial.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* It is there in every container, and nothing waits when it is opened. */
#define DEVICE "/dev/null"

/* On violations it kills, so that every listen guard is in question, and judges families apart, so that all is read. */
#define POLICY "{\"devices\": {}, \"ports\": [\"ipv6:1\"], \"on_violation\": \"kill\"}"
#define DEVICES_POLICY "{\"devices\": {}}"

/* Not assigned, and never bound: the fence refuses it first. */
#define PORT 2

/* ---- in a process in the fence; the system calls alone, for the caller has threads ---- */

static int open_device(void *context)
{
	(void)context;
	return open(DEVICE, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
}

static int bind_port(void *context)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, *(const int *)context | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

/* No bind hook sees a listener without a bind; then a client tells whether it serves. */
static int listen_and_connect(void *context)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)context;
	if (server < 0 || client < 0 || listen(server, 1) < 0 ||
	    getsockname(server, (struct sockaddr *)&address, &length) < 0)
		return errno;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(client, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

/* ---- a fence, and a standing one ---- */

static void read_guard(const struct cgfence_cgroup *cgroup, struct tries *tries)
{
	cleanup_fence struct cgfence_fence *fence = NULL;

	if (cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, NULL) == 0)
		tries->guard = cgfence_fence_listen_guard(fence);
}

static void read_missing(const struct cgfence_cgroup *cgroup, struct tries *tries)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	const char *name;

	if (trying_settle(cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, &tries->fence),
			  &tries->fence))
		return;
	for (size_t i = 0; i < TRIES_MISSING_MAX; i++) {
		name = cgfence_fence_missing_name(fence, i);
		tries->missing[i] = name;
		if (!name)
			return;
	}
}

static void try_fence(const struct cgfence_cgroup *cgroup, struct tries *tries)
{
	int stream = SOCK_STREAM;
	int datagram = SOCK_DGRAM;

	if (trying_attach(cgroup, POLICY, &tries->fence))
		return;
	tries->device = trying_in_child(cgroup, open_device, NULL);
	tries->bind_tcp = trying_in_child(cgroup, bind_port, &stream);
	tries->bind_udp = trying_in_child(cgroup, bind_port, &datagram);
	tries->listen = trying_in_child(cgroup, listen_and_connect, NULL);
	read_guard(cgroup, tries);
	try_pass(cgroup, tries);
	/* A pass finds out whether holders can be found. */
	read_missing(cgroup, tries);
}

static int try_in_child_cgroup(const struct cgfence_cgroup *parent, const char *name)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	if (cgfence_cgroup_create(parent, name, &cgroup, NULL))
		return TRY_NOT_MADE;
	return trying_in_child(cgroup, open_device, NULL);
}

static void try_standing(const struct cgfence_cgroup *cgroup, struct tries *tries)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	enum cgfence_attach_result done;
	char pattern[4096];

	snprintf(pattern, sizeof(pattern), "%s/member-*", cgfence_cgroup_path(cgroup));
	if (cgfence_policy_parse(DEVICES_POLICY, strlen(DEVICES_POLICY), "trial", &policy,
				 &tries->standing) ||
	    trying_settle(cgfence_standing_attach(pattern, policy, 0, &done, &tries->standing),
			  &tries->standing))
		return;
	tries->member = try_in_child_cgroup(cgroup, "member-1");
	tries->stranger = try_in_child_cgroup(cgroup, "stranger");
}

static void try_all(const struct cgfence_cgroup *cgroup, void *context)
{
	struct tries *tries = context;
	bool detached;

	try_fence(cgroup, tries);
	if (cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, &tries->standing) == 0)
		try_standing(cgroup, tries);
}

void tries_make(struct tries *tries)
{
	*tries = (struct tries){
		.device = TRY_NOT_MADE,
		.bind_tcp = TRY_NOT_MADE,
		.bind_udp = TRY_NOT_MADE,
		.listen = TRY_NOT_MADE,
		.member = TRY_NOT_MADE,
		.stranger = TRY_NOT_MADE,
	};
	trying_settle(cgfence_trial_run(try_all, tries, &tries->place), &tries->place);
}
