// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* on_violation "log" and "close", as seen from outside of the fence. */
#include "holding.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(reconcile_close, .init = holding_begin, .fini = holding_end);

#define CLOSE "{'ports': [8080], 'on_violation': 'close'}"

static bool listens(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

static int connect_to(const char *text)
{
	const struct endpoint endpoint = endpoint_peer(text);
	int fd = socket(endpoint.domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int code = connect(fd, &endpoint.address.any, endpoint.length) < 0 ? errno : 0;

	close(fd);
	return code;
}

Test(reconcile_close, log_and_audit_only_tell)
{
	static const char *const policies[] = {
		"{'ports': [8080]}",
		"{'enforce': false, 'ports': [8080], 'on_violation': 'close'}",
		"{'enforce': false, 'ports': [8080], 'on_violation': 'kill'}",
	};
	pid_t tcp_pid;
	pid_t udp_pid;
	int tcp = holding_share("tcp 127.0.0.1 9", &tcp_pid);

	holding_share("udp 127.0.0.1 9", &udp_pid);
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		const struct reports *reports;

		harness_attach(sockets_fence(), policies[i]);
		reports = reports_pass(reports_reconciler());
		cr_expect_eq(reports->count, 2, "%s", reports_text(reports));
		reports_expect(reports, sockets_fence(), holding_board->inodes[0],
			       CGFENCE_ACTION_LOGGED);
		reports_expect(reports, sockets_fence(), holding_board->inodes[1],
			       CGFENCE_ACTION_LOGGED);
		cr_expect(listens(tcp), "%s", policies[i]);
		cr_expect_eq(connect_to("tcp 127.0.0.1 9"), 0, "%s", policies[i]);
		cr_expect_eq(endpoint_open("udp 127.0.0.1 9"), -EADDRINUSE, "%s", policies[i]);
		cr_expect(holding_lives(tcp_pid) && holding_lives(udp_pid), "%s", policies[i]);
	}
}

static void expect_closed(const char *text)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	const struct reports *reports;
	pid_t pid;
	int fd;

	holding_board->count = 0;
	fd = holding_share(text, &pid);
	cr_expect_eq(connect_to(text), 0, "%s", text);
	reports = reports_pass(reconciler);
	reports_expect(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_CLOSED);
	cr_expect_eq(reports->count, 1, "%s:%s", text, reports_text(reports));
	cr_expect_not(listens(fd), "%s", text);
	cr_expect_eq(connect_to(text), ECONNREFUSED, "%s", text);
	cr_expect(holding_lives(pid), "%s: its holder was killed", text);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->in_excess, 0, "%s", text);
	cr_expect(reports_find_end(reports, sockets_fence(), holding_board->inodes[0]), "%s", text);
	/* A port that was asked for stays taken until the descriptors are closed (tcp_set_state, net/ipv4/tcp.c). */
	close(fd);
	holding_stop(pid);
	cr_expect_eq(endpoint_try(text), 0);
	cgfence_reconciler_free(reconciler);
}

Test(reconcile_close, tcp_of_every_address)
{
	static const char *const endpoints[] = {
		"tcp 127.0.0.1 9",
		"tcp 0.0.0.0 9",
		"tcp ::1 9",
		"tcp :: 9",
		"tcp :: 9 v6only",
		"tcp ::ffff:127.0.0.1 9",
		"tcp 127.0.0.1 9 reuseport",
		"tcp :: 9 reuseport",
		"tcp 127.0.0.1 45678",
		"tcp 127.0.0.1 65535",
	};

	harness_attach(sockets_fence(), CLOSE);
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		expect_closed(endpoints[i]);
}

Test(reconcile_close, mptcp)
{
	sockets_skip_without("mptcp 127.0.0.1 unbound");
	harness_attach(sockets_fence(), CLOSE);
	expect_closed("mptcp 127.0.0.1 9");
	expect_closed("mptcp :: 9");
}

/* The owner of a closed socket can listen with it again; each time it is found, closed and reported. */
Test(reconcile_close, one_that_listens_again)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	pid_t pid;
	int fd = holding_share("tcp 127.0.0.1 9", &pid);

	harness_attach(sockets_fence(), CLOSE);
	for (int i = 0; i < 3; i++) {
		const struct reports *reports = reports_pass(reconciler);

		reports_expect(reports, sockets_fence(), holding_board->inodes[0],
			       CGFENCE_ACTION_CLOSED);
		cr_expect_not(listens(fd));
		if (i == 1)
			cr_expect_eq(reports_pass(reconciler)->count, 1, "its end");
		cr_assert_eq(listen(fd, 8), 0, "%s", strerror(errno));
	}
}

Test(reconcile_close, an_allowed_listener_beside_it_stays)
{
	const struct reports *reports;
	pid_t pid;
	int allowed = holding_share("tcp 127.0.0.1 8080", &pid);

	holding_share("tcp 127.0.0.2 9", &pid);
	harness_attach(sockets_fence(), CLOSE);
	reports = reports_pass(reports_reconciler());
	reports_expect(reports, sockets_fence(), holding_board->inodes[1], CGFENCE_ACTION_CLOSED);
	cr_expect_eq(reports->count, 1);
	cr_expect(listens(allowed));
	cr_expect_eq(connect_to("tcp 127.0.0.1 8080"), 0);
}

#define GROUP 8

/* Of the sockets that share a port only the one in the fence is closed, whichever the kernel would choose. */
static void expect_one_of_group_closed(const char *text, enum cgfence_action action)
{
	const bool tcp = endpoint_parse(text).type == SOCK_STREAM;
	const struct reports *reports;
	int members[GROUP];
	pid_t pid;

	holding_board->count = 0;
	for (int i = 0; i < GROUP - 1; i++)
		members[i] = holding_listen(text);
	members[GROUP - 1] = holding_share(text, &pid);
	reports = reports_pass(reports_reconciler());
	cr_expect_eq(reports->count, 1, "%s:%s", text, reports_text(reports));
	reports_expect(reports, sockets_fence(), holding_board->inodes[GROUP - 1], action);
	for (int i = 0; i < GROUP && tcp; i++)
		cr_expect_eq(listens(members[i]), i < GROUP - 1, "%s: member %d", text, i);
	for (int i = 0; i < 16 && tcp; i++)
		cr_expect_eq(connect_to(text), 0, "%s", text);
	for (int i = 0; i < GROUP; i++)
		close(members[i]);
	holding_stop(pid);
}

Test(reconcile_close, of_a_group_that_shares_a_port_only_the_member_inside)
{
	harness_attach(sockets_fence(), CLOSE);
	expect_one_of_group_closed("tcp 127.0.0.1 9 reuseport", CGFENCE_ACTION_CLOSED);
	expect_one_of_group_closed("tcp :: 9 reuseport", CGFENCE_ACTION_CLOSED);
	expect_one_of_group_closed("tcp ::ffff:127.0.0.1 9 reuseport", CGFENCE_ACTION_CLOSED);
	expect_one_of_group_closed("udp 127.0.0.1 9 reuseport", CGFENCE_ACTION_SILENCED);
	expect_one_of_group_closed("udp :: 9 reuseport", CGFENCE_ACTION_SILENCED);
}

/* A program of the owner that selects another socket each time keeps the one inside out of reach of SOCK_DESTROY. */
Test(reconcile_close, a_member_that_its_group_hides)
{
	struct sock_filter choose_first = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { .len = 1, .filter = &choose_first };
	const struct reports *reports;
	pid_t pid;
	int outside = holding_listen("tcp 127.0.0.1 9 reuseport");
	int inside = holding_share("tcp 127.0.0.1 9 reuseport", &pid);

	cr_assert_eq(setsockopt(inside, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
				sizeof(program)),
		     0, "%s", strerror(errno));
	harness_attach(sockets_fence(), CLOSE);
	reports = reports_pass(reports_reconciler());
	reports_expect(reports, sockets_fence(), holding_board->inodes[1], CGFENCE_ACTION_CLOSED);
	cr_expect(listens(outside));
	cr_expect_not(listens(inside));
}

Test(reconcile_close, one_that_is_bound_to_a_device)
{
	const struct reports *reports;
	pid_t pid;
	int inside = holding_share("tcp 127.0.0.1 9", &pid);

	cr_assert_eq(setsockopt(inside, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	harness_attach(sockets_fence(), CLOSE);
	reports = reports_pass(reports_reconciler());
	reports_expect(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_CLOSED);
	cr_expect_not(listens(inside));
}
