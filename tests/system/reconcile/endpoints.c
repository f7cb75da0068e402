// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Listeners of every protocol, family and address are judged as the policy demands. */
#include "holding.h"
#include "net/sock_diag.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(reconcile_endpoints, .init = holding_begin, .fini = holding_end);

#define ENDPOINTS_MAX 32

static void expect_endpoint(const struct reports *reports, uint32_t inode, const char *text)
{
	const struct report *report = reports_find(reports, sockets_fence(), inode);
	const struct endpoint endpoint = endpoint_parse(text);
	char protocol[16];
	char address[64];

	cr_assert_neq(report, NULL, "'%s', inode %u, is not among:%s", text, inode,
		      reports_text(reports));
	sscanf(text, "%15s %63s", protocol, address);
	cr_expect_eq(report->protocol, endpoint.type == SOCK_STREAM ? CGFENCE_TCP : CGFENCE_UDP,
		     "%s", text);
	cr_expect_eq(report->family, endpoint.domain == AF_INET6 ? CGFENCE_IPV6 : CGFENCE_IPV4,
		     "%s", text);
	cr_expect_str_eq(report->address, address, "%s: %s", text, report->address);
	cr_expect_eq(report->port, endpoint.port, "%s: %u", text, report->port);
}

/*
 * @endpoints: held by a process that is moved in; those with a "!" before them are in excess. Expects one report for
 * each of these, and no other.
 */
static void expect_excess(const char *policy, const char *const *endpoints)
{
	const char *texts[ENDPOINTS_MAX + 1] = { NULL };
	struct cgfence_reconciler *reconciler = reports_reconciler();
	size_t excess = 0;

	for (size_t i = 0; endpoints[i]; i++) {
		cr_assert_lt(i, ENDPOINTS_MAX);
		texts[i] = endpoints[i] + (endpoints[i][0] == '!');
		excess += endpoints[i][0] == '!';
	}
	harness_attach(sockets_fence(), policy);
	holding_start(harness_cgroup(), holding_move_in, texts);
	for (int by_proc = 0; by_proc < 2; by_proc++) {
		const struct reports *reports = by_proc ? reports_of_fence(sockets_fence())
							: reports_pass(reconciler);

		for (size_t i = 0; texts[i]; i++) {
			if (endpoints[i][0] == '!')
				expect_endpoint(reports, holding_board->inodes[i], texts[i]);
		}
		cr_expect_eq(reports->count, excess, "%zu, not %zu:%s", reports->count, excess,
			     reports_text(reports));
		cr_expect_eq(reports->in_excess, excess);
	}
}

Test(reconcile_endpoints, of_every_address)
{
	static const char *const endpoints[] = {
		"!tcp 127.0.0.1 9",
		"!tcp 127.0.0.2 9",
		"!tcp 0.0.0.0 10",
		"!tcp :: 11",
		"!tcp :: 12 v6only",
		"!tcp ::1 13",
		"!tcp ::1 9",
		"!tcp ::ffff:127.0.0.3 14",
		"!tcp ::ffff:0.0.0.0 15",
		"!udp 127.0.0.1 9",
		"!udp 127.0.0.2 9",
		"!udp 0.0.0.0 10",
		"!udp :: 11",
		"!udp :: 12 v6only",
		"!udp ::1 13",
		"!udp ::1 9",
		"!udp ::ffff:127.0.0.3 14",
		"tcp 127.0.0.1 8080",
		"tcp ::1 8080",
		"udp 127.0.0.1 8080",
		"udp ::1 8080",
		"udp ::ffff:127.0.0.4 8080",
		NULL,
	};

	expect_excess("{'ports': [8080]}", endpoints);
}

/* Dual stack serves both families, and a mapped address IPv4, as the kernel reports for each socket. */
Test(reconcile_endpoints, of_each_family_by_itself)
{
	static const char *const endpoints[] = {
		"tcp :: 8080 v6only",
		"!tcp :: 8081",
		"tcp ::1 8082",
		"!tcp 127.0.0.1 8080",
		"!tcp ::ffff:127.0.0.1 8082",
		"udp :: 8080 v6only",
		"!udp :: 8081",
		"udp ::1 8082",
		"!udp 127.0.0.1 8080",
		"!udp ::ffff:127.0.0.1 8082",
		"tcp 127.0.0.1 90",
		"tcp ::ffff:127.0.0.2 90",
		"!tcp :: 91 v6only",
		"!udp ::1 90",
		NULL,
	};

	expect_excess("{'ports': ['ipv6:8080-8082', 'ipv4:90-91']}", endpoints);
}

Test(reconcile_endpoints, of_each_protocol_by_itself)
{
	static const char *const endpoints[] = {
		"tcp 127.0.0.1 80", "!udp 127.0.0.1 80", "udp ::1 53", "!tcp ::1 53", NULL,
	};

	expect_excess("{'ports': {'tcp': [80], 'udp': [53]}}", endpoints);
}

Test(reconcile_endpoints, udplite_as_udp)
{
	static const char *const endpoints[] = {
		"!udplite 127.0.0.1 9",
		"!udplite :: 10",
		"udplite ::1 53",
		"!udp 127.0.0.1 9",
		"udp 127.0.0.1 53",
		"!udplite ::ffff:127.0.0.2 9",
		NULL,
	};

	sockets_skip_without("udplite 127.0.0.1 unbound");
	expect_excess("{'ports': {'tcp': [80], 'udp': [53]}}", endpoints);
}

/* Older kernels give the subflow of an MPTCP listener an inode of its own, which no descriptor has. */
static bool tells_mptcp_inode(void)
{
	int fd = holding_listen("mptcp 127.0.0.1 7");
	struct listeners listeners = { 0 };
	struct sock_diag *diag = NULL;
	bool found = false;

	cr_assert_geq(fd, 0);
	cr_assert_eq(sock_diag_open(-1, &diag, NULL), 0);
	cr_assert_eq(sock_diag_dump(diag, IPPROTO_TCP, 7, &listeners, NULL), 0);
	cr_expect_eq(listeners.count, 1);
	for (size_t i = 0; i < listeners.count; i++)
		found = found || listeners.items[i].inode == holding_board->inodes[0];
	listeners_free(&listeners);
	sock_diag_close(diag);
	close(fd);
	holding_board->count = 0;
	return found;
}

Test(reconcile_endpoints, mptcp_as_tcp)
{
	static const char *const endpoints[] = {
		"!mptcp 127.0.0.1 9",
		"!mptcp :: 10",
		"!mptcp :: 11 v6only",
		"mptcp ::1 80",
		"mptcp 127.0.0.1 80",
		"!tcp 127.0.0.2 9",
		NULL,
	};

	sockets_skip_without("mptcp 127.0.0.1 unbound");
	if (!tells_mptcp_inode())
		holding_skip("this kernel does not tell whose an MPTCP listener is");
	expect_excess("{'ports': {'tcp': [80]}}", endpoints);
}

/* Clients are no listeners: unbound sockets, connected ones, and UDP on a port that the kernel chose. */
static int hold_clients(void *argument)
{
	const struct endpoint server = endpoint_parse("udp 127.0.0.1 8080");
	int connected = endpoint_open("udp 127.0.0.1 9");
	int bound = endpoint_open("tcp 127.0.0.1 9");

	(void)argument;
	if (bound < 0 || connected < 0 ||
	    connect(connected, &server.address.any, server.length) < 0 ||
	    endpoint_open("udp 127.0.0.1 0") < 0 || endpoint_open("udp :: 0") < 0 ||
	    endpoint_open("tcp 127.0.0.1 0") < 0 || endpoint_open("udp 127.0.0.1 unbound") < 0)
		return 1;
	return -harness_enter(sockets_fence());
}

Test(reconcile_endpoints, clients_are_left_alone)
{
	harness_attach(sockets_fence(), "{'ports': [], 'on_violation': 'kill'}");
	holding_start(harness_cgroup(), hold_clients, NULL);
	cr_expect_eq(reports_pass(reports_reconciler())->in_excess, 0);
	cr_expect_eq(reports_of_fence(sockets_fence())->count, 0);
}

/* A socket that is connected to port 0 hears all ports of the other end: who does that serves. */
static int hold_connected_to_port_0(void *argument)
{
	const struct endpoint other = endpoint_parse("udp ::1 0");
	int fd = endpoint_open("udp :: 9");

	(void)argument;
	if (fd < 0 || connect(fd, &other.address.any, other.length) < 0)
		return 1;
	holding_note(fd);
	return -harness_enter(sockets_fence());
}

Test(reconcile_endpoints, udp_that_is_connected_to_port_0_is_no_client)
{
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	holding_start(harness_cgroup(), hold_connected_to_port_0, NULL);
	expect_endpoint(reports_pass(reports_reconciler()), holding_board->inodes[0], "udp ::1 9");
	expect_endpoint(reports_of_fence(sockets_fence()), holding_board->inodes[0], "udp ::1 9");
}

static int hold_what_bind_gave(void *argument)
{
	int fd = holding_listen("tcp ::1 0");

	(void)argument;
	holding_board->word = endpoint_port(fd);
	return fd < 0 ? -fd : -harness_enter(sockets_fence());
}

/* A port that the kernel chose belongs to a client with UDP, but to a listener with TCP once it listens. */
Test(reconcile_endpoints, tcp_on_a_port_that_the_kernel_gave_out_is_a_listener)
{
	const struct reports *reports;

	harness_attach(sockets_fence(), "{'ports': [8080]}");
	holding_start(harness_cgroup(), hold_what_bind_gave, NULL);
	reports = reports_of_fence(sockets_fence());
	cr_assert_eq(reports->count, 1, "%s", reports_text(reports));
	cr_expect_eq(reports->items[0].port, holding_board->word);
}
