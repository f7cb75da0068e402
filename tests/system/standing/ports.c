// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ports under a standing fence: every hook and guard judges by the member in which the socket was made. */
#include "standing.h"
#include "support/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(standing_ports, .init = sockets_begin, .fini = standing_end);

#define WEB "{'ports': [8080]}"

static struct cgfence_cgroup *member;
static struct cgfence_cgroup *other;

static void attach(const char *policy)
{
	standing_attach("m-*", policy);
	member = harness_child_cgroup(harness_cgroup(), "m-1");
	other = harness_child_cgroup(harness_cgroup(), "o-1");
}

static enum cgfence_listen_guard guard(void)
{
	struct cgfence_fence *fence = standing_open("m-*");
	enum cgfence_listen_guard found = cgfence_fence_listen_guard(fence);

	cgfence_fence_close(fence);
	return found;
}

Test(standing_ports, members_bind_what_is_assigned_and_others_bind_what_they_like)
{
	static const char *const refused[] = {
		"tcp 127.0.0.1 9", "tcp ::1 9",	       "udp 127.0.0.1 9",	"udp ::1 9",
		"tcp :: 9",	   "tcp 0.0.0.0 8081", "tcp ::ffff:127.0.0.1 9"
	};
	static const char *const assigned[] = { "tcp 127.0.0.1 8080", "tcp ::1 8080", "udp :: 8080",
						"tcp 127.0.0.1 0", "udp ::1 0" };

	attach(WEB);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		cr_expect_eq(sockets_bind(member, refused[i]), EPERM, "%s", refused[i]);
		cr_expect_eq(sockets_bind(other, refused[i]), 0, "%s", refused[i]);
	}
	for (size_t i = 0; i < sizeof(assigned) / sizeof(assigned[0]); i++)
		cr_expect_eq(sockets_bind(member, assigned[i]), 0, "%s", assigned[i]);
}

Test(standing_ports, a_listener_that_no_bind_hook_saw_is_guarded_in_members_alone)
{
	attach("{'ports': [8080], 'on_violation': 'kill'}");
	if (guard() == CGFENCE_GUARD_NONE)
		sockets_skip("this kernel has no listen guard");
	cr_expect_eq(sockets_listen(member, "tcp 127.0.0.1 unbound"),
		     sockets_guarded_result(guard()));
	cr_expect_eq(sockets_listen(member, "tcp 127.0.0.1 8080"), 0);
	cr_expect_eq(sockets_listen(other, "tcp 127.0.0.1 unbound"), 0);
}

Test(standing_ports, a_policy_that_only_logs_mutes_or_records)
{
	attach(WEB);
	if (guard() == CGFENCE_GUARD_NONE)
		sockets_skip("this kernel has no listen guard");
	cr_expect_eq(sockets_listen(member, "tcp ::1 0"), sockets_guarded_result(guard()));
	cr_expect_eq(sockets_listen(other, "tcp ::1 0"), 0);
}

Test(standing_ports, sctp_sockets_are_refused_in_members_alone)
{
	sockets_skip_without("sctp 127.0.0.1 9");
	attach(WEB);
	cr_expect_eq(sockets_bind(member, "sctp 127.0.0.1 9"), EPERM);
	cr_expect_eq(sockets_bind(other, "sctp 127.0.0.1 9"), 0);
}

static int bind_given(void *argument)
{
	const struct endpoint endpoint = endpoint_parse("tcp 127.0.0.1 9");

	return bind(*(int *)argument, &endpoint.address.any, endpoint.length) ? errno : 0;
}

/* The kernel asks the programs of the cgroup in which a socket was made, and so do ours. */
Test(standing_ports, the_socket_decides_and_not_who_binds_it)
{
	int fd;

	attach(WEB);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_geq(fd, 0);
	cr_expect_eq(harness_in_cgroup(member, bind_given, &fd), 0);
	close(fd);
}

static int listen_given(void *argument)
{
	int fd = *(int *)argument;

	return listen(fd, 1) ? errno : 0;
}

/* A socket that was made outside is judged by the caller of listen(2) as well, where the kernel can. */
Test(standing_ports, who_listens_on_a_socket_made_outside_is_killed)
{
	int results[2];
	int fd;

	attach("{'ports': [8080], 'on_violation': 'kill'}");
	if (guard() != CGFENCE_GUARD_KILL)
		sockets_skip("this kernel has another listen guard");
	for (int i = 0; i < 2; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		cr_assert_geq(fd, 0);
		results[i] = harness_in_cgroup(i ? member : other, listen_given, &fd);
		close(fd);
	}
	cr_expect_eq(results[0], 0);
	cr_expect_eq(results[1], 1000 + SIGKILL);
}

static int listen_after_leaving(void *argument)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || harness_enter(argument))
		return SOCKETS_FAILED;
	return listen(fd, 1) ? errno : 0;
}

Test(standing_ports, nobody_outside_is_killed_for_a_socket_from_inside)
{
	attach("{'ports': [8080], 'on_violation': 'kill'}");
	if (guard() != CGFENCE_GUARD_KILL)
		sockets_skip("this kernel has another listen guard");
	cr_expect_eq(harness_in_cgroup(member, listen_after_leaving, other), 0);
	cr_expect_eq(harness_in_cgroup(member, listen_after_leaving, member), 1000 + SIGKILL);
}

/* The kernel program goes through standing fences in steps of several. */
Test(standing_ports, the_last_of_many_fences_judges_by_the_caller_too)
{
	char pattern[16];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	for (int i = 0; i < 17; i++) {
		snprintf(pattern, sizeof(pattern), "%c-*", 'A' + i);
		standing_attach(pattern, "{'ports': [8080]}");
	}
	attach("{'ports': [8080], 'on_violation': 'kill'}");
	if (guard() != CGFENCE_GUARD_KILL)
		sockets_skip("this kernel has another listen guard");
	cr_expect_eq(harness_in_cgroup(member, listen_given, &fd), 1000 + SIGKILL);
	close(fd);
}
