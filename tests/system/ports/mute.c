// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The guard mute: a listener that could not be refused is there, but nobody gets through to it. */
#include "support/sockets.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(port_mute, .init = sockets_begin, .fini = harness_end, .timeout = 600);

#define ENFORCE "{'ports': [8080]}"
#define AUDIT "{'enforce': false, 'ports': [8080]}"
#define KILL "{'ports': [8080], 'on_violation': 'kill'}"

static const char *const unseen[] = {
	"tcp 127.0.0.1 0",	  "tcp ::1 0", "tcp :: 0", "mptcp ::1 0", "tcp 127.0.0.1 unbound",
	"tcp ::ffff:127.0.0.1 0",
};

#define UNSEEN_COUNT (sizeof(unseen) / sizeof(unseen[0]))

static void attach_or_skip(const char *policy, enum cgfence_listen_guard guard)
{
	harness_attach(sockets_fence(), policy);
	if (sockets_guard(sockets_fence()) != guard)
		sockets_skip("the listen guard of this kernel is another");
}

/* Connects to a listener by its own address, or by that of loopback if it has none. Return: 0 or errno. */
static int connect_to(int listener)
{
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address;
	socklen_t length = sizeof(address);
	int fd;

	if (getsockname(listener, &address.any, &length) < 0)
		return errno;
	if (address.any.sa_family == AF_INET && address.ipv4.sin_addr.s_addr == INADDR_ANY)
		address.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(address.any.sa_family, SOCK_STREAM, 0);
	return fd < 0 || connect(fd, &address.any, length) < 0 ? errno : 0;
}

static int listen_and_connect(void *endpoint)
{
	int fd = endpoint_open(endpoint);

	return fd < 0 || listen(fd, 1) < 0 ? SOCKETS_FAILED : connect_to(fd);
}

Test(port_mute, nobody_gets_through_to_a_listener_in_excess)
{
	attach_or_skip(ENFORCE, CGFENCE_GUARD_MUTE);
	for (size_t i = 0; i < UNSEEN_COUNT; i++)
		cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_and_connect,
					       (void *)unseen[i]),
			     ECONNREFUSED, "%s", unseen[i]);
}

Test(port_mute, an_audit_mutes_nothing)
{
	attach_or_skip(AUDIT, CGFENCE_GUARD_MUTE);
	for (size_t i = 0; i < UNSEEN_COUNT; i++)
		cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_and_connect,
					       (void *)unseen[i]),
			     0, "%s", unseen[i]);
}

static int listen_and_untie(void *endpoint)
{
	int fd = endpoint_open(endpoint);
	const int none = 0;

	if (fd < 0 || listen(fd, 1) < 0 || setresuid(65534, 65534, 65534) < 0)
		return SOCKETS_FAILED;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &none, sizeof(none)) == 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0) == 0 || listen(fd, 2) < 0)
		return SOCKETS_FAILED;
	return connect_to(fd);
}

Test(port_mute, a_process_without_cap_net_raw_cannot_undo_it)
{
	attach_or_skip(ENFORCE, CGFENCE_GUARD_MUTE);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_and_untie, "tcp 127.0.0.1 0"),
		     ECONNREFUSED);
}

static int listen_on_interface(void *endpoint)
{
	int fd = endpoint_open(endpoint);

	if (fd < 0 || setresuid(65534, 65534, 65534) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof("lo")) < 0 ||
	    listen(fd, 1) < 0)
		return SOCKETS_FAILED;
	return connect_to(fd);
}

/* The kernel does not let the guard tie it to another one, and nothing may say that it did. */
Test(port_mute, a_listener_that_is_tied_to_an_interface_is_seen)
{
	struct refusals refusals;

	attach_or_skip(ENFORCE, CGFENCE_GUARD_MUTE);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_on_interface, "tcp 127.0.0.1 0"), 0);
	refusals = sockets_refusals(sockets_fence());
	cr_assert_eq(refusals.count, 1);
	cr_expect_eq(refusals.records[0].subject.hook, CGFENCE_HOOK_LISTEN);
	cr_expect_eq(refusals.records[0].subject.verdict, CGFENCE_VERDICT_SEEN);
	free(refusals.records);
}

static int listen_twice(void *endpoint)
{
	int fd = endpoint_open(endpoint);

	if (fd < 0 || setresuid(65534, 65534, 65534) < 0 || listen(fd, 1) < 0 ||
	    shutdown(fd, SHUT_RDWR) < 0 || listen(fd, 1) < 0)
		return SOCKETS_FAILED;
	return connect_to(fd);
}

Test(port_mute, a_listener_that_is_mute_already_is_told_as_such)
{
	struct refusals refusals;

	attach_or_skip(ENFORCE, CGFENCE_GUARD_MUTE);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_twice, "tcp 127.0.0.1 0"),
		     ECONNREFUSED);
	refusals = sockets_refusals(sockets_fence());
	cr_assert_eq(refusals.count, 2);
	for (size_t i = 0; i < refusals.count; i++)
		cr_expect_eq(refusals.records[i].subject.verdict, CGFENCE_VERDICT_MUTED);
	free(refusals.records);
}

/* The child that listens dies of it; what serves is the socket that its parent holds too. */
static int listen_by_child(void *endpoint)
{
	int fd = endpoint_open(endpoint);
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(listen(fd, 1));
	if (waitpid(child, &status, 0) < 0 || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		return SOCKETS_FAILED;
	return connect_to(fd);
}

Test(port_mute, a_socket_whose_listener_was_killed_is_mute_for_its_other_holders)
{
	harness_attach(sockets_fence(), ENFORCE);
	if (sockets_guard(sockets_fence()) != CGFENCE_GUARD_MUTE)
		sockets_skip("this kernel mutes no socket");
	attach_or_skip(KILL, CGFENCE_GUARD_KILL);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_by_child, "tcp 127.0.0.1 0"),
		     ECONNREFUSED);
}
