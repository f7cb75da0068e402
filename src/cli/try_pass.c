// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two listeners that were made outside of the fence get into it, and a pass is to find and close them. */
#include "cli/try_pass.h"
#include "base/cleanup.h"

#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define POLICY "{\"devices\": {}, \"ports\": [\"ipv6:1\"], \"on_violation\": \"close\"}"

/* A process in the fence, and what it does with the listeners. */
struct holding {
	int keep; /* the descriptor that it keeps; -1 for none */
	int send; /* and that it sends to itself; -1 for none */
	int close;
	int ready; /* written to when that is done */
};

/* Return: a descriptor or -1. @port: receives its port */
static int make_listener(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0 || getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		cleanup_close_descriptor(&fd);
		return -1;
	}
	*port = ntohs(address.sin_port);
	return fd;
}

/* The descriptor is then in the socket alone. Return: could it be sent? */
static bool send_to_itself(int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 0;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	const struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int ends[2];

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0 && sendmsg(ends[0], &message, 0) == 1;
}

/* It makes only system calls, for the caller has threads. */
static void hold(const struct holding *holding) __attribute__((noreturn));
static void hold(const struct holding *holding)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (holding->close >= 0)
		close(holding->close);
	if (holding->send >= 0 && (!send_to_itself(holding->send) || close(holding->send) < 0))
		_exit(1);
	if (write(holding->ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static pid_t start(const struct cgfence_cgroup *cgroup, const struct holding *holding)
{
	pid_t child = -1;

	if (cgfence_cgroup_fork(cgroup, 0, &child, NULL))
		return -1;
	if (child == 0)
		hold(holding);
	return child;
}

static void end(pid_t child)
{
	if (child <= 0)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, __WALL);
}

static void take_report(const struct cgfence_violation *violation, void *context)
{
	struct tries *tries = context;
	struct try_listener *const listeners[] = { &tries->held, &tries->sent };

	for (size_t i = 0; i < sizeof(listeners) / sizeof(listeners[0]); i++) {
		if (violation->port && violation->port == listeners[i]->port) {
			listeners[i]->found = true;
			listeners[i]->action = violation->action;
		}
	}
}

static void make_pass(const struct cgfence_cgroup *cgroup, struct tries *tries)
{
	struct cgfence_reconciler *reconciler = NULL;
	size_t in_excess = 0;

	if (cgfence_reconciler_new(&reconciler, &tries->pass))
		return;
	tries->by_iterator = cgfence_reconciler_uses_iterator(reconciler);
	trying_settle(cgfence_reconciler_pass(reconciler, cgfence_cgroup_id(cgroup), take_report,
					      tries, &in_excess, &tries->pass),
		      &tries->pass);
	cgfence_reconciler_free(reconciler);
}

static void await(int ready)
{
	char byte;

	/* It ends with the last process that could write. */
	for (int i = 0; i < 2; i++) {
		if (read(ready, &byte, 1) != 1)
			return;
	}
}

void try_pass(const struct cgfence_cgroup *cgroup, struct tries *tries)
{
	int kept = make_listener(&tries->held.port);
	int sent = make_listener(&tries->sent.port);
	int ends[2] = { -1, -1 };
	pid_t keeper = -1;
	pid_t sender = -1;

	if (trying_attach(cgroup, POLICY, &tries->pass) == 0 && pipe(ends) == 0) {
		keeper = start(cgroup, &(struct holding){ kept, -1, sent, ends[1] });
		sender = start(cgroup, &(struct holding){ -1, sent, kept, ends[1] });
	}
	cleanup_close_descriptor(&kept);
	cleanup_close_descriptor(&sent);
	cleanup_close_descriptor(&ends[1]);
	if (keeper > 0 && sender > 0) {
		await(ends[0]);
		make_pass(cgroup, tries);
	}
	cleanup_close_descriptor(&ends[0]);
	end(keeper);
	end(sender);
}
