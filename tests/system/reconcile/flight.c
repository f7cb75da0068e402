// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Listeners that processes hold without a descriptor (spec section 4): on their way in unix sockets, or in an io_uring.
 */
#include "hiding.h"
#include "holding.h"
#include "support/descriptors.h"
#include "support/namespaces.h"
#include "reconcile/holders_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

TestSuite(reconcile_flight, .init = holding_begin, .fini = holding_end);

#define LOG "{'ports': [8080]}"
#define AUDIT "{'ports': [8080], 'enforce': false}"
#define CLOSE "{'ports': [8080], 'on_violation': 'close'}"
#define KILL "{'ports': [8080], 'on_violation': 'kill'}"
#define TCP "tcp 127.0.0.1 9"

/* How many passes one that comes and goes may escape. */
#define PASSES 10

/* How long it hides at a time. */
#define HIDDEN_US 20000

struct hiding {
	hiding_way *way;
	const char *made_inside; /* the text of a socket, or NULL */
	int made_outside;	 /* a descriptor that the test has */
};

static int hide(void *argument)
{
	const struct hiding *hiding = argument;
	int fd = hiding->made_inside ? holding_listen(hiding->made_inside) : hiding->made_outside;

	return fd < 0 ? -fd : hiding->way(fd);
}

static const struct {
	const char *name;
	hiding_way *way;
	const char *reason;
	bool uring;
	bool traceless; /* in /proc, for an io_uring that is mapped has no descriptor */
} ways[] = {
	{ "stream", hiding_on_stream, "unix socket", false, false },
	{ "datagram", hiding_on_datagram, "unix socket", false, false },
	{ "behind messages", hiding_behind_messages, "unix socket", false, false },
	{ "nested", hiding_nested, "unix socket", false, false },
	{ "in a circle", hiding_in_circle, "unix socket", false, false },
	{ "before accept", hiding_before_accept, "unix socket", false, false },
	{ "nested before accept", hiding_nested_before_accept, "unix socket", false, false },
	{ "registered", hiding_registered, "io_uring", true, false },
	{ "on a registered socket", hiding_registered_nested, "unix socket", true, false },
	{ "registered and mapped", hiding_registered_mapped, "io_uring", true, true },
	{ "registered by a thread", hiding_registered_by_thread, "io_uring", true, true },
	{ "registered and served", hiding_served, "io_uring", true, false },
	{ "served with another", hiding_served_with_another, "io_uring", true, true },
	{ "in a request", hiding_in_request, "io_uring", true, false },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* Each has its own, for what an io_uring holds outlives its process for a moment. */
static const char *endpoint_of(size_t way)
{
	static char text[32];

	snprintf(text, sizeof(text), "tcp 127.0.1.%zu 9", way + 1);
	return text;
}

static int connect_to(const char *text)
{
	const struct endpoint endpoint = endpoint_parse(text);
	int fd = socket(endpoint.domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int code = connect(fd, &endpoint.address.any, endpoint.length) < 0 ? errno : 0;

	close(fd);
	return code;
}

static bool has_uring(void)
{
	char parameters[1024] = { 0 };
	int fd = (int)syscall(SYS_io_uring_setup, 1, parameters);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno == EINVAL;
}

/* The holder of a socket that was made in the fence, or outside of it. */
static pid_t start(hiding_way *way, const char *text, bool inside)
{
	struct hiding hiding = { .way = way, .made_inside = inside ? text : NULL };
	pid_t pid;

	holding_board->count = 0;
	if (!inside) {
		hiding.made_outside = holding_listen(text);
		cr_assert_geq(hiding.made_outside, 0, "%s", strerror(-hiding.made_outside));
	}
	pid = holding_start(sockets_fence(), hide, &hiding);
	if (!inside)
		close(hiding.made_outside);
	return pid;
}

static void expect_seen(const struct reports *reports, pid_t pid, size_t way, bool inside,
			const char *by)
{
	const struct report *report =
		reports_find(reports, sockets_fence(), holding_board->inodes[0]);

	cr_assert_neq(report, NULL, "%s, made %s, is not seen by %s:%s", ways[way].name,
		      inside ? "inside" : "outside", by, reports_text(reports));
	cr_expect_eq(report->pid, (uint32_t)pid, "%s: pid %u, not %d", ways[way].name, report->pid,
		     pid);
	cr_expect_neq(strstr(report->reason, ways[way].reason), NULL, "%s: %s", ways[way].name,
		      report->reason);
	cr_expect_eq(!strstr(report->reason, "outside"), inside, "%s: %s", ways[way].name,
		     report->reason);
}

static void expect_each_way(const char *policy, bool inside)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	bool uring = has_uring();

	holding_skip_without_iterator();
	harness_attach(sockets_fence(), policy);
	for (size_t i = 0; i < WAYS; i++) {
		pid_t pid;

		if (ways[i].uring && !uring)
			continue;
		pid = start(ways[i].way, endpoint_of(i), inside);
		expect_seen(reports_pass(reconciler), pid, i, inside, "a pass");
		if (!ways[i].traceless)
			expect_seen(reports_of_fence(sockets_fence()), pid, i, inside, "/proc");
		holding_stop(pid);
	}
	cgfence_reconciler_free(reconciler);
}

Test(reconcile_flight, made_outside)
{
	expect_each_way(LOG, false);
}

Test(reconcile_flight, made_inside)
{
	expect_each_way(AUDIT, true);
}

/* Nobody in the fence has it, though there are others in the fence, and what carries it was made there. */
Test(reconcile_flight, what_others_hold_is_not_laid_to_the_fence)
{
	const struct reports *reports;
	int ends[2];
	int fd;

	holding_skip_without_iterator();
	harness_attach(sockets_fence(), LOG);
	holding_start(harness_cgroup(), hide, &(struct hiding){ hiding_nested, TCP, -1 });
	start(hiding_nested, "tcp 127.0.0.1 8080", false);
	fd = holding_listen("tcp 127.0.0.1 10");
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(hiding_send(ends[0], fd), 0);
	reports = reports_pass(reports_reconciler());
	cr_expect_eq(reports->count, 0, "%s", reports_text(reports));
}

static const struct report *expect_action(const struct reports *reports, enum cgfence_action action)
{
	const struct report *report =
		reports_find(reports, sockets_fence(), holding_board->inodes[0]);

	cr_assert_neq(report, NULL, "it is not among:%s", reports_text(reports));
	cr_expect_eq(report->action, action, "%s", reports_text(reports));
	return report;
}

Test(reconcile_flight, tcp_is_closed)
{
	holding_skip_without_iterator();
	harness_attach(sockets_fence(), CLOSE);
	for (size_t i = 0; i < WAYS; i++) {
		pid_t pid;

		if (ways[i].uring && !has_uring())
			continue;
		pid = start(ways[i].way, endpoint_of(i), false);
		expect_action(reports_pass(reports_reconciler()), CGFENCE_ACTION_CLOSED);
		cr_expect_eq(connect_to(endpoint_of(i)), ECONNREFUSED, "%s", ways[i].name);
		cr_expect(holding_lives(pid));
		holding_stop(pid);
	}
}

Test(reconcile_flight, the_fence_is_killed)
{
	pid_t pid;

	holding_skip_without_iterator();
	harness_attach(sockets_fence(), KILL);
	pid = start(hiding_nested, TCP, false);
	expect_action(reports_pass(reports_reconciler()), CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(pid));
}

/* A UDP socket keeps its port when it is destroyed, and to silence it takes a descriptor. */
Test(reconcile_flight, udp_is_not_called_closed)
{
	const struct report *report;

	holding_skip_without_iterator();
	harness_attach(sockets_fence(), CLOSE);
	start(hiding_nested, "udp 127.0.0.1 9", false);
	report = expect_action(reports_pass(reports_reconciler()), CGFENCE_ACTION_FAILED);
	cr_expect_neq(report->failure[0], '\0');
}

/* Nothing shows who waits in a call, but the kernel lists the socket, and knows where it was made. */
Test(reconcile_flight, one_that_was_made_inside_and_is_in_a_call_is_closed)
{
	const struct report *report;

	harness_attach(sockets_fence(), AUDIT);
	start(hiding_in_call, TCP, true);
	harness_attach(sockets_fence(), CLOSE);
	report = expect_action(reports_pass(reports_reconciler()), CGFENCE_ACTION_CLOSED);
	cr_expect_neq(strstr(report->reason, "nobody in it holds it"), NULL, "%s", report->reason);
	cr_expect_eq(connect_to(TCP), ECONNREFUSED);
}

/* Has a descriptor only for a moment every now and then, in which it serves. */
static int hide_again_and_again(int fd)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return 1;
	holding_ready(0);
	for (;;) {
		if (hiding_send(ends[0], fd))
			return 1;
		usleep(HIDDEN_US);
		fd = descriptors_receive(ends[1]);
		close(accept(fd, NULL, NULL));
	}
}

Test(reconcile_flight, one_that_comes_and_goes_is_closed)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	int pass = 0;

	holding_skip_without_iterator();
	harness_attach(sockets_fence(), CLOSE);
	start(hide_again_and_again, TCP, false);
	while (pass < PASSES &&
	       !reports_find(reports_pass(reconciler), sockets_fence(), holding_board->inodes[0]))
		pass++;
	cr_expect_lt(pass, PASSES);
	cr_expect_eq(connect_to(TCP), ECONNREFUSED);
}

/* The walk reports what /proc does not show, and never takes it for nothing. */
Test(reconcile_flight, proc_says_what_it_does_not_show)
{
	for (size_t i = 0; i < WAYS; i++) {
		struct holders holders = { 0 };
		struct cgfence_error error = { 0 };
		pid_t pid;

		if (ways[i].traceless || (ways[i].uring && !has_uring()))
			continue;
		pid = start(ways[i].way, endpoint_of(i), false);
		cr_expect_eq(holders_walk(sockets_fence(), NULL, 0, &holders, &error), -EOPNOTSUPP,
			     "%s", ways[i].name);
		cr_expect_eq(holders.count, 0);
		cr_expect_neq(strstr(error.text, ways[i].uring ? "io_uring" : "unix socket"), NULL,
			      "%s: %s", ways[i].name, error.text);
		holding_stop(pid);
	}
}

/* Nothing leads to its network namespace, which is reported and never taken for an absent listener. */
Test(reconcile_flight, one_of_another_network_namespace_is_said)
{
	struct hiding hiding = { .way = hiding_nested };
	struct cgfence_error error = { 0 };
	struct reports reports = { 0 };
	int before;

	holding_skip_without_iterator();
	harness_attach(sockets_fence(), "{'ports': [8080], 'netns': 'any'}");
	cr_assert_eq(namespaces_visit_net(&before), 0);
	hiding.made_outside = holding_listen(TCP);
	namespaces_return_net(before);
	cr_assert_geq(hiding.made_outside, 0);
	holding_start(sockets_fence(), hide, &hiding);
	close(hiding.made_outside);
	cr_expect_eq(cgfence_reconciler_pass(reports_reconciler(), 0, reports_add, &reports,
					     &reports.in_excess, &error),
		     -EOPNOTSUPP);
	cr_expect_neq(strstr(error.text, "network namespace"), NULL, "%s", error.text);
}

/* A message takes few descriptors at once, and sockets that pass each other on are many. */
#define CARRIERS 300
#define BUNCH 250

static int send_bunch(int over, int fd, int count)
{
	int fds[BUNCH];
	union {
		char bytes[CMSG_SPACE(sizeof(fds))];
		struct cmsghdr alignment;
	} control = { 0 };
	char byte = 0;
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	for (int i = 0; i < count; i++)
		fds[i] = fd;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
	memcpy(CMSG_DATA(header), fds, sizeof(int) * (size_t)count);
	return sendmsg(over, &message, MSG_DONTWAIT) == 1 ? 0 : 1;
}

/* More descriptors than are looked at in a pass. */
static int send_very_many(int fd)
{
	int ends[2];

	for (int i = 0; i < CARRIERS; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
			return 1;
		for (int message = 0; message < 4; message++) {
			if (send_bunch(ends[0], STDIN_FILENO, BUNCH))
				return 2;
		}
	}
	close(fd);
	return 0;
}

Test(reconcile_flight, more_than_is_looked_at_is_said)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	struct cgfence_error error = { 0 };
	struct reports reports = { 0 };
	const struct report *report;
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct hiding hiding = { .way = hiding_nested };

	holding_skip_without_iterator();
	harness_attach(sockets_fence(), LOG);
	harness_attach(other, LOG);
	start(send_very_many, "tcp 127.0.0.1 10", false);
	/* Another fence is none the worse for it. */
	holding_board->count = 0;
	hiding.made_outside = holding_listen(TCP);
	holding_start(other, hide, &hiding);
	close(hiding.made_outside);
	cr_expect_eq(cgfence_reconciler_pass(reconciler, 0, reports_add, &reports,
					     &reports.in_excess, &error),
		     -E2BIG);
	cr_expect_neq(strstr(error.text, "too much"), NULL, "%s", error.text);
	report = reports_find(&reports, other, holding_board->inodes[0]);
	cr_expect_neq(report, NULL, "it is not among:%s", reports_text(&reports));
}
