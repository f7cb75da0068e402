// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who calls listen(2) counts, and not only the cgroup in which the socket was made: an accepted connection has that of its
 * listener, and can be disconnected, bound and made to listen without a program of the fence being asked.
 */
#include "support/sockets.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(port_caller, .init = sockets_begin, .fini = harness_end, .timeout = 600);

/* @argument: the endpoint that a socket from outside is bound to; none if it is "unbound". */
static int listen_inside(void *argument)
{
	const struct endpoint endpoint = endpoint_parse(argument);
	int fd = endpoint_recycled();

	if (fd < 0 || harness_enter(sockets_fence()) ||
	    (!endpoint.unbound && bind(fd, &endpoint.address.any, endpoint.length) < 0))
		return SOCKETS_FAILED;
	return listen(fd, 1) < 0 ? errno : 0;
}

static int listen_outside(void *argument)
{
	(void)argument;
	return listen(endpoint_recycled(), 1) < 0 ? errno : 0;
}

static enum cgfence_listen_guard attach_or_skip(const char *policy)
{
	enum cgfence_listen_guard guard;

	harness_attach(sockets_fence(), policy);
	guard = sockets_guard(sockets_fence());
	if (guard != CGFENCE_GUARD_KILL && guard != CGFENCE_GUARD_DENY)
		sockets_skip("this kernel has no guard that acts by itself on who listens");
	return guard;
}

Test(port_caller, a_socket_from_outside_gives_no_more_rights)
{
	enum cgfence_listen_guard guard =
		attach_or_skip("{'ports': [8080], 'on_violation': 'kill'}");

	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 9"),
		     sockets_guarded_result(guard));
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 unbound"),
		     sockets_guarded_result(guard));
}

Test(port_caller, and_none_less)
{
	attach_or_skip("{'ports': [8080], 'on_violation': 'kill'}");
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 8080"), 0);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_outside, NULL), 0);
}

/* More ranges than there is room for beside the rest that the program knows of a fence. */
Test(port_caller, a_policy_of_many_ranges_is_known_whole)
{
	enum cgfence_listen_guard guard = attach_or_skip(
		"{'ports': [1000, 5000, 9000, 13000, 17000, 21000, 60000], 'on_violation': 'kill'}");

	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 13000"), 0);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 60000"), 0);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 13001"),
		     sockets_guarded_result(guard));
	/* The next policy has room. */
	harness_attach(sockets_fence(), "{'ports': [13001], 'on_violation': 'kill'}");
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 13001"), 0);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 13000"),
		     sockets_guarded_result(guard));
}

Test(port_caller, an_audit_lets_it_be)
{
	attach_or_skip("{'enforce': false, 'ports': [8080], 'on_violation': 'kill'}");
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 9"), 0);
}

Test(port_caller, a_fence_below_the_root_of_a_fence_is_judged_too)
{
	struct cgfence_cgroup *below = harness_child_cgroup(sockets_fence(), "below");
	enum cgfence_listen_guard guard =
		attach_or_skip("{'ports': [8080, 9], 'on_violation': 'kill'}");

	harness_attach(below, "{'ports': [8080], 'on_violation': 'kill'}");
	/* The process is in the fence above, to which port 9 is assigned. */
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 9"), 0);
	harness_attach(sockets_fence(), "{'ports': [8080], 'on_violation': 'kill'}");
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 9"),
		     sockets_guarded_result(guard));
}
