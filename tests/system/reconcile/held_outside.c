// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* on_violation "kill" and sockets that somebody outside of the fence holds, whom it does not reach. */
#include "holding.h"
#include "support/descriptors.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

TestSuite(reconcile_held_outside, .init = holding_begin, .fini = holding_end);

#define KILL "{'ports': [8080], 'on_violation': 'kill'}"
#define EXCESS "tcp 127.0.0.1 9"

struct sending {
	const char *text;
	bool keeps;
	int ends[2];
};

static int send_out(void *argument)
{
	const struct sending *sending = argument;
	int fd = holding_listen(sending->text);

	if (fd < 0 || descriptors_send(sending->ends[1], fd))
		return 1;
	if (!sending->keeps)
		close(fd);
	return 0;
}

/* A socket that is made in the fence, of which the test has a descriptor too. */
static int receive_from_inside(struct sending *sending, pid_t *pid)
{
	int fd;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sending->ends), 0);
	*pid = holding_start(sockets_fence(), send_out, sending);
	fd = descriptors_receive(sending->ends[0]);
	cr_assert_geq(fd, 0);
	close(sending->ends[0]);
	close(sending->ends[1]);
	return fd;
}

static int hold_in_both(const char *text, pid_t *pid)
{
	struct sending sending = { .text = text, .keeps = true };

	return receive_from_inside(&sending, pid);
}

/* Of which only the test has a descriptor in the end. */
static int hold_outside(const char *text, pid_t *pid)
{
	struct sending sending = { .text = text };

	return receive_from_inside(&sending, pid);
}

/* Killing does not reach who holds it outside; the socket is closed then. */
Test(reconcile_held_outside, what_was_made_inside_and_is_held_outside_is_closed_too)
{
	pid_t pid;
	int fd = hold_outside(EXCESS, &pid);

	harness_attach(sockets_fence(), KILL);
	reports_expect(reports_pass(reports_reconciler()), sockets_fence(),
		       holding_board->inodes[0], CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(pid));
	close(fd);
	cr_expect_eq(endpoint_try(EXCESS), 0);
}

struct keeping {
	int fd;
	int inside; /* pidfd of its holder in the fence */
	pid_t reconciler;
};

/* Until the reconciler waits for it after the fence is dead. So does a reader of all tasks' descriptors keep it. */
static int keep_a_moment_longer(void *argument)
{
	const struct keeping *keeping = argument;
	struct pollfd end = { .fd = keeping->inside, .events = POLLIN };

	holding_ready(0);
	poll(&end, 1, -1);
	holding_await_nap(keeping->reconciler);
	close(keeping->fd);
	return 0;
}

/* Return: what became of a datagram socket that outlives its fence. */
static enum cgfence_action kill_what_outlives_its_fence(void)
{
	const struct report *report;
	struct keeping keeping = { .reconciler = getpid() };
	enum cgfence_action action;
	pid_t inside;
	pid_t outside;

	holding_board->count = 0;
	harness_attach(sockets_fence(), "{'ports': [9]}");
	keeping.fd = hold_in_both("udp 127.0.0.1 9", &inside);
	harness_attach(sockets_fence(), KILL);
	keeping.inside = (int)syscall(SYS_pidfd_open, inside, 0);
	cr_assert_geq(keeping.inside, 0, "%s", strerror(errno));
	outside = holding_start(harness_cgroup(), keep_a_moment_longer, &keeping);
	close(keeping.fd);
	report = reports_find(reports_pass(reports_reconciler()), sockets_fence(),
			      holding_board->inodes[0]);
	cr_assert_neq(report, NULL);
	action = report->action;
	cr_expect(holding_dies(inside));
	holding_stop(outside);
	close(keeping.inside);
	return action;
}

/* It was silenced while it had a holder in the fence. */
Test(reconcile_held_outside, a_datagram_socket_that_somebody_outside_lets_go_soon_is_no_failure)
{
	enum cgfence_action action = CGFENCE_ACTION_FAILED;

	/* On a slow machine, the one outside may be too late. */
	for (int i = 0; i < 100 && action == CGFENCE_ACTION_FAILED; i++)
		action = kill_what_outlives_its_fence();
	cr_expect_eq(action, CGFENCE_ACTION_KILLED, "'%s'", cgfence_action_name(action));
}

static bool listens(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

/* No descriptor of the fence leads to it, so that the kernel must be told exactly which socket is meant. */
Test(reconcile_held_outside, what_was_made_inside_is_closed_where_nobody_is_left_to_kill)
{
	static const char *const endpoints[] = {
		"tcp 127.0.0.1 9",    "tcp 0.0.0.0 9",		"tcp ::1 9",
		"tcp :: 9",	      "tcp ::ffff:127.0.0.1 9", "tcp 127.0.0.1 9 reuseport",
		"tcp :: 9 reuseport",
	};

	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		bool shared = strstr(endpoints[i], "reuseport");
		bool detached;
		pid_t pid;
		int fd = hold_outside(endpoints[i], &pid);
		int others[6];

		holding_stop(pid);
		for (int j = 0; j < 6; j++)
			others[j] = shared ? holding_listen(endpoints[i]) : -1;
		harness_attach(sockets_fence(), KILL);
		reports_expect(reports_pass(reports_reconciler()), sockets_fence(),
			       holding_board->inodes[0], CGFENCE_ACTION_CLOSED);
		cr_expect_not(listens(fd), "%s", endpoints[i]);
		close(fd);
		for (int j = 0; j < 6; j++) {
			cr_expect(!shared || listens(others[j]), "%s: %d", endpoints[i], j);
			close(others[j]);
		}
		cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL);
		holding_board->count = 0;
	}
}

/* Each processor delivers what was sent on it in turn (the backlog of net/core/dev.c), and one may be later than another. */
static void stay_on_processor(void)
{
	int processor = sched_getcpu();
	cpu_set_t one;

	cr_assert_geq(processor, 0);
	CPU_ZERO(&one);
	CPU_SET((size_t)processor, &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* A busy machine delivers later (ksoftirqd); what the client sends to itself then comes after the other. */
static bool hears(int fd)
{
	const struct endpoint peer = endpoint_peer("udp 127.0.0.1 9");
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(own);
	char byte;

	stay_on_processor();
	cr_assert_eq(bind(client, (struct sockaddr *)&own, length), 0);
	cr_assert_eq(getsockname(client, (struct sockaddr *)&own, &length), 0);
	cr_assert_eq(sendto(client, "", 1, 0, &peer.address.any, peer.length), 1);
	cr_assert_eq(sendto(client, "", 1, 0, (struct sockaddr *)&own, length), 1);
	cr_assert_eq(recv(client, &byte, 1, 0), 1);
	close(client);
	return recv(fd, &byte, 1, MSG_DONTWAIT) == 1;
}

/* UDP keeps its port, and no descriptor in the fence leads to it. */
Test(reconcile_held_outside, udp_that_only_somebody_outside_holds_is_silenced)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	pid_t pid;
	int fd = hold_outside("udp 127.0.0.1 9", &pid);

	holding_stop(pid);
	cr_expect(hears(fd));
	harness_attach(sockets_fence(), KILL);
	reports_expect(reports_pass(reconciler), sockets_fence(), holding_board->inodes[0],
		       CGFENCE_ACTION_SILENCED);
	cr_expect_not(hears(fd));
	cr_expect_eq(reports_pass(reconciler)->count, 0);
}

/* Nobody can be asked for a descriptor; then nothing is claimed. */
Test(reconcile_held_outside, udp_that_is_on_its_way_outside_is_not_called_closed)
{
	pid_t pid;
	int fd = hold_outside("udp 127.0.0.1 9", &pid);
	int ends[2];

	holding_stop(pid);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(descriptors_send(ends[0], fd), 0);
	close(fd);
	harness_attach(sockets_fence(), KILL);
	reports_expect(reports_pass(reports_reconciler()), sockets_fence(),
		       holding_board->inodes[0], CGFENCE_ACTION_FAILED);
}

/* It was silenced before the kill. Then nobody is left to kill, nor to ask for a descriptor, and yet it is known. */
Test(reconcile_held_outside, udp_that_outlives_its_fence_is_known_to_be_silenced)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	const struct reports *reports;
	pid_t pid;

	harness_attach(sockets_fence(), "{'ports': [9]}");
	hold_in_both("udp 127.0.0.1 9", &pid);
	harness_attach(sockets_fence(), KILL);
	reports_expect(reports_pass(reconciler), sockets_fence(), holding_board->inodes[0],
		       CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(pid));
	reports_expect(reports_pass(reconciler), sockets_fence(), holding_board->inodes[0],
		       CGFENCE_ACTION_SILENCED);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->count, 0, "%s", reports_text(reports));
	cr_expect_eq(reports->in_excess, 1);
}
