// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/violation.h"
#include "cgroup/cgroup.h"
#include "base/cleanup.h"
#include "base/cmdline.h"

#include <stdio.h>
#include <string.h>

void violation_text_free(struct violation_text *text)
{
	free(text->cgroup);
	free(text->member);
	free(text->cmdline);
	free(text->excess);
	free(text->reason);
	*text = (struct violation_text){ 0 };
}

/* Return: to be given to free(); NULL if it is gone. */
static char *cgroup_path(uint64_t id)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	if (!id || cgroup_open_any_id(id, &cgroup, NULL))
		return NULL;
	return strdup(cgfence_cgroup_path(cgroup));
}

/* With the words side by side. */
static char *read_cmdline(const struct cgfence_holder *holder)
{
	const struct cmdline_way way = {
		.group = holder->fence_id ? holder->fence_id : holder->cgroup_id,
		.wait_ms = HOLDER_MS,
	};
	char text[CMDLINE_SIZE];
	/* A leader that has ended has no command line, but its threads still have it. */
	size_t length = cmdline_read((pid_t)holder->thread, &way, text);

	while (length > 0 && !text[length - 1])
		length--;
	for (size_t i = 0; i < length; i++) {
		if (!text[i])
			text[i] = ' ';
	}
	return strdup(text);
}

static void describe_holder(const struct cgfence_holder *holder, struct violation_text *text)
{
	text->pid = holder->pid;
	snprintf(text->comm, sizeof(text->comm), "%.16s", holder->comm);
	text->member = cgroup_path(holder->cgroup_id);
	/* The pid may belong to another process by now. */
	if (holder->fd != HOLDER_FD_UNKNOWN && !holder_still_holds(holder))
		return;
	text->cmdline = read_cmdline(holder);
}

int violation_describe(const struct observation *observation, const struct sighting *sighting,
		       struct excess_lists *excess, struct violation_text *text)
{
	const struct port_fence *fence = &observation->fences.items[sighting->fence];
	const struct listener *listener = &observation->listeners.items[sighting->listener];
	struct violation_text made = {
		.inode = listener->inode,
		.port = listener->port,
		.protocol = listener_protocol(listener),
		.family = listener->domain == AF_INET6 ? CGFENCE_IPV6 : CGFENCE_IPV4,
	};
	const struct excess_ports *ports;

	listener_format_address(listener, made.address);
	if (sighting->holder != SIGHTING_NO_HOLDER)
		describe_holder(&observation->holders.items[sighting->holder], &made);
	else
		made.member = cgroup_path(listener->cgroup_id);
	made.cgroup = strdup(fence->path);
	ports = excess_lists_find(excess, sighting->fence, made.protocol);
	if (ports) {
		made.excess = strdup(ports->text);
		made.excess_left_out = ports->left_out;
	}
	made.reason = excess_format_reason(observation, sighting);
	if (!made.cgroup || !made.excess || !made.reason) {
		violation_text_free(&made);
		return -ENOMEM;
	}
	*text = made;
	return 0;
}

void violation_fill(const struct violation_text *text, struct cgfence_violation *violation)
{
	*violation = (struct cgfence_violation){
		.cgroup = text->cgroup,
		.member = text->member,
		.pid = text->pid,
		.comm = text->comm,
		.cmdline = text->cmdline ? text->cmdline : "",
		.protocol = text->protocol,
		.family = text->family,
		.address = text->address,
		.port = text->port,
		.inode = text->inode,
		.excess = text->excess,
		.excess_left_out = text->excess_left_out,
		.reason = text->reason,
		.failure = "",
	};
}
