// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of section 4 of the specification, as far as bind and socket creation answer it. */
#include "support/sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(port_bind, .init = sockets_begin, .fini = harness_end);

struct bind_case {
	const char *endpoint;
	int expected;
};

static void expect_binds(const struct bind_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int result = sockets_bind(sockets_fence(), cases[i].endpoint);

		cr_expect_eq(result, cases[i].expected, "%s: %d, not %d", cases[i].endpoint, result,
			     cases[i].expected);
	}
}

#define EXPECT_BINDS(...)                                                 \
	do {                                                              \
		static const struct bind_case cases_[] = { __VA_ARGS__ }; \
		expect_binds(cases_, sizeof(cases_) / sizeof(cases_[0])); \
	} while (0)

Test(port_bind, an_explicit_port_that_is_not_assigned_is_refused_and_stays_free)
{
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	EXPECT_BINDS({ "tcp 127.0.0.1 8080", 0 }, { "tcp 127.0.0.1 8081", EPERM },
		     { "tcp 0.0.0.0 8080", 0 }, { "tcp 0.0.0.0 8081", EPERM },
		     { "tcp ::1 8080", 0 }, { "tcp ::1 8081", EPERM }, { "tcp :: 8080", 0 },
		     { "tcp :: 8081", EPERM }, { "udp 127.0.0.1 8080", 0 },
		     { "udp 127.0.0.1 8081", EPERM }, { "udp 0.0.0.0 8080", 0 },
		     { "udp 0.0.0.0 8081", EPERM }, { "udp ::1 8080", 0 },
		     { "udp ::1 8081", EPERM }, { "udp :: 8080", 0 }, { "udp :: 8081", EPERM });
}

Test(port_bind, udp_lite_is_judged_as_udp)
{
	sockets_skip_without("udplite 127.0.0.1 unbound");
	harness_attach(sockets_fence(), "{'ports': {'udp': [53], 'tcp': [54]}}");
	EXPECT_BINDS({ "udplite 127.0.0.1 53", 0 }, { "udplite 127.0.0.1 54", EPERM },
		     { "udplite ::1 53", 0 }, { "udplite ::1 54", EPERM },
		     { "udplite :: 54", EPERM }, { "udplite 127.0.0.1 0", 0 });
}

Test(port_bind, mptcp_is_judged_as_tcp)
{
	sockets_skip_without("mptcp 127.0.0.1 unbound");
	harness_attach(sockets_fence(), "{'ports': {'tcp': [8080], 'udp': [8081]}}");
	EXPECT_BINDS({ "mptcp 127.0.0.1 8080", 0 }, { "mptcp 127.0.0.1 8081", EPERM },
		     { "mptcp ::1 8080", 0 }, { "mptcp ::1 8081", EPERM },
		     { "mptcp :: 8081", EPERM }, { "mptcp 127.0.0.1 0", 0 });
}

Test(port_bind, an_address_of_no_family_is_judged_as_ipv4)
{
	harness_attach(sockets_fence(), "{'ports': ['ipv4:8080', 'ipv6:8081']}");
	EXPECT_BINDS({ "tcp 0.0.0.0 8080 unspec", 0 }, { "tcp 0.0.0.0 8081 unspec", EPERM },
		     { "udp 0.0.0.0 8080 unspec", 0 }, { "udp 0.0.0.0 8081 unspec", EPERM },
		     { "tcp 0.0.0.0 9 unspec", EPERM }, { "udp 0.0.0.0 9 unspec", EPERM });
}

Test(port_bind, an_ipv4_mapped_address_is_judged_as_ipv4)
{
	harness_attach(sockets_fence(), "{'ports': ['ipv4:8080', 'ipv6:8081']}");
	EXPECT_BINDS({ "tcp ::ffff:127.0.0.1 8080", 0 }, { "tcp ::ffff:127.0.0.1 8081", EPERM },
		     { "udp ::ffff:127.0.0.1 8080", 0 }, { "udp ::ffff:127.0.0.1 8081", EPERM },
		     { "tcp ::ffff:0.0.0.0 8080", 0 }, { "tcp ::ffff:0.0.0.0 8081", EPERM },
		     { "udp ::ffff:0.0.0.0 8080", 0 }, { "udp ::ffff:0.0.0.0 8081", EPERM });
}

Test(port_bind, a_dual_stack_socket_needs_the_port_for_both_families)
{
	harness_attach(sockets_fence(), "{'ports': [80, 'ipv4:8080', 'ipv6:8081']}");
	EXPECT_BINDS({ "tcp :: 80", 0 }, { "tcp :: 8080", EPERM }, { "tcp :: 8081", EPERM },
		     { "udp :: 80", 0 }, { "udp :: 8080", EPERM }, { "udp :: 8081", EPERM },
		     { "tcp ::1 8081", 0 }, { "tcp ::1 8080", EPERM }, { "udp ::1 8081", 0 },
		     { "udp ::1 8080", EPERM });
}

Test(port_bind, a_socket_for_ipv6_only_needs_no_ipv4)
{
	harness_attach(sockets_fence(), "{'ports': ['ipv4:8080', 'ipv6:8081']}");
	if (sockets_misses("v6only"))
		sockets_skip("this kernel does not let programs read IPV6_V6ONLY");
	EXPECT_BINDS({ "tcp :: 8081 v6only", 0 }, { "tcp :: 8080 v6only", EPERM },
		     { "udp :: 8081 v6only", 0 }, { "udp :: 8080 v6only", EPERM },
		     { "tcp :: 8081", EPERM }, { "udp :: 8081", EPERM });
	cr_expect_eq(sockets_listen(sockets_fence(), "tcp :: 8081 v6only"), 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), 0);
}

Test(port_bind, port_0_is_allowed_for_clients_need_it)
{
	harness_attach(sockets_fence(), "{'ports': []}");
	EXPECT_BINDS({ "tcp 127.0.0.1 0", 0 }, { "tcp ::1 0", 0 }, { "tcp :: 0", 0 },
		     { "tcp 0.0.0.0 0", 0 }, { "tcp ::ffff:127.0.0.1 0", 0 },
		     { "tcp 0.0.0.0 0 unspec", 0 }, { "udp 127.0.0.1 0", 0 }, { "udp ::1 0", 0 },
		     { "udp :: 0", 0 }, { "udp 0.0.0.0 0", 0 }, { "tcp 127.0.0.1 0 noport", 0 },
		     { "udp 127.0.0.1 0 noport", 0 });
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 0);
}

Test(port_bind, sharing_a_port_changes_nothing)
{
	int tcp = endpoint_open("tcp 127.0.0.1 8081 reuseaddr reuseport");
	int udp = endpoint_open("udp 127.0.0.1 8081 reuseaddr reuseport");

	cr_assert(tcp >= 0 && udp >= 0);
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	EXPECT_BINDS({ "tcp 127.0.0.1 8080 reuseaddr", 0 }, { "tcp 127.0.0.1 8080 reuseport", 0 },
		     { "tcp 127.0.0.1 8081 reuseaddr", EPERM },
		     { "tcp 127.0.0.1 8081 reuseaddr reuseport", EPERM },
		     { "udp ::1 8080 reuseport", 0 }, { "udp ::1 8081 reuseport", EPERM },
		     { "udp 127.0.0.1 8081 reuseaddr reuseport", EPERM });
	close(tcp);
	close(udp);
}

/* Several attempts on one socket: each is judged, and a refusal has no lasting effect. */
static int bind_again_after_refusal(void *argument)
{
	struct endpoint refused = endpoint_parse("tcp 127.0.0.1 8081");
	struct endpoint allowed = endpoint_parse("tcp 127.0.0.1 8080");
	int fd = endpoint_make(&refused);

	(void)argument;
	for (int i = 0; i < 3; i++) {
		if (bind(fd, &refused.address.any, refused.length) == 0 || errno != EPERM)
			return 1;
	}
	if (bind(fd, &allowed.address.any, allowed.length) < 0 || listen(fd, 8) < 0)
		return 2;
	return endpoint_port(fd) == 8080 ? 0 : 3;
}

Test(port_bind, a_socket_that_was_refused_can_still_be_bound_to_its_own_port)
{
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_again_after_refusal, NULL), 0);
}

/* @argument: the endpoint to send from. Sends to the discard port, where nobody listens. */
static int send_datagram(void *argument)
{
	struct endpoint to = endpoint_parse(argument);
	int sender;

	to.unbound = true;
	sender = endpoint_make(&to);
	if (sender < 0 || sendto(sender, "x", 1, 0, &to.address.any, to.length) != 1)
		return errno ? errno : 1;
	if (!endpoint_port(sender))
		return SOCKETS_FAILED;
	sender = endpoint_make(&to);
	if (sender < 0 || connect(sender, &to.address.any, to.length) < 0)
		return errno;
	return endpoint_port(sender) ? 0 : SOCKETS_FAILED;
}

Test(port_bind, a_udp_port_taken_by_sendto_or_connect_is_a_clients)
{
	harness_attach(sockets_fence(), "{'ports': []}");
	cr_expect_eq(harness_in_cgroup(sockets_fence(), send_datagram, "udp 127.0.0.1 9"), 0);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), send_datagram, "udp ::1 9"), 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 0);
}

/* @argument: the endpoint of the client; the server is on port 7777 of the same address. */
static int connect_client(void *argument)
{
	struct endpoint client = endpoint_parse(argument);
	struct sockaddr_in6 server;
	int fd = endpoint_open(argument);

	if (fd < 0)
		return -fd;
	memcpy(&server, &client.address, sizeof(server));
	server.sin6_port = htons(7777);
	return connect(fd, (struct sockaddr *)&server, client.length) < 0 ? errno : 0;
}

Test(port_bind, a_tcp_client_connects_however_it_gets_its_port)
{
	static const char *const clients[] = { "tcp 127.0.0.1 unbound",	 "tcp ::1 unbound",
					       "tcp 127.0.0.1 0",	 "tcp ::1 0",
					       "tcp 127.0.0.1 0 noport", "tcp ::1 0 noport" };
	int server = endpoint_open("tcp :: 7777");

	cr_assert_eq(listen(server, 8), 0);
	harness_attach(sockets_fence(), "{'ports': []}");
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		cr_expect_eq(harness_in_cgroup(sockets_fence(), connect_client, (void *)clients[i]),
			     0, "%s", clients[i]);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), 0);
	close(server);
}

Test(port_bind, an_sctp_socket_cannot_be_made_unless_sctp_is_any)
{
	sockets_skip_without("sctp 127.0.0.1 unbound");
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_eq(sockets_bind(sockets_fence(), "sctp 127.0.0.1 8080"), EPERM);
	cr_expect_eq(sockets_bind(sockets_fence(), "sctp ::1 8080"), EPERM);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_CREATE), 2);
	harness_attach(sockets_fence(), "{'ports': {'tcp': [8080], 'sctp': 'any'}}");
	cr_expect_eq(sockets_bind(sockets_fence(), "sctp 127.0.0.1 9"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "sctp ::1 9"), 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_CREATE), 2);
}

Test(port_bind, a_fence_without_sctp_still_lets_all_other_sockets_be_made)
{
	harness_attach(sockets_fence(), "{'ports': 'any'}");
	EXPECT_BINDS({ "tcp 127.0.0.1 unbound", 0 }, { "udp ::1 unbound", 0 });
	cr_expect_eq(sockets_hook_programs(sockets_fence(), BPF_CGROUP_INET_SOCK_CREATE), 1);
}
