// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What sockets ask for is kept with the programs, which stay while another fence runs them. */
#include "support/descriptors.h"
#include "support/sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(port_sharing, .init = sockets_begin, .fini = harness_end);

/* Of one family: then a socket that serves both is forgiven nothing while the fence is young. */
#define POLICY "{'ports': {'tcp': ['ipv4:8080']}}"

/* An address that nobody has, so that bind fails after the bind program let it pass. */
#define NOWHERE "tcp 2001:db8::1 0"
#define ANY "tcp :: 0"

static int make_and_send(void *argument)
{
	struct endpoint endpoint = endpoint_parse(ANY);
	int fd = endpoint_make(&endpoint);

	return fd < 0 || descriptors_send(*(const int *)argument, fd);
}

static int socket_made_in(const struct cgfence_cgroup *cgroup)
{
	int pair[2];
	int fd;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	cr_assert_eq(harness_in_cgroup(cgroup, make_and_send, &pair[0]), 0);
	fd = descriptors_receive(pair[1]);
	cr_assert_geq(fd, 0);
	close(pair[0]);
	close(pair[1]);
	return fd;
}

static int bind_to(int fd, const char *text)
{
	struct endpoint endpoint = endpoint_parse(text);

	return bind(fd, &endpoint.address.any, endpoint.length) < 0 ? errno : 0;
}

static void detach(const struct cgfence_cgroup *cgroup)
{
	bool detached = false;

	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, NULL), 0);
	cr_assert(detached);
}

static void fence_beside_another(void)
{
	harness_attach(harness_child_cgroup(harness_cgroup(), "other"), POLICY);
	harness_attach(sockets_fence(), POLICY);
}

/* @later: gets a fence when that of sockets_fence() is gone */
static void expect_begun_anew(const struct cgfence_cgroup *later)
{
	int fds[2] = { socket_made_in(later), socket_made_in(later) };

	cr_assert_eq(bind_to(fds[0], NOWHERE), EADDRNOTAVAIL);
	detach(sockets_fence());
	harness_attach(later, POLICY);
	/* Neither hides the other. */
	cr_expect_eq(bind_to(fds[1], NOWHERE), EADDRNOTAVAIL);
	cr_expect_eq(bind_to(fds[0], ANY), 0);
	cr_expect_eq(bind_to(fds[1], ANY), 0);
	close(fds[0]);
	close(fds[1]);
}

Test(port_sharing, a_fence_that_is_made_again_takes_nothing_for_asked)
{
	fence_beside_another();
	expect_begun_anew(sockets_fence());
}

Test(port_sharing, nor_does_one_inside_of_a_fence_that_is_gone)
{
	fence_beside_another();
	/* Those around others have programs of their own. */
	expect_begun_anew(harness_child_cgroup(sockets_fence(), "inner"));
}
