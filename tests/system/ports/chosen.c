// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A bind to port 0 is a client's, unless the process left the kernel no choice of the port. */
#include "support/sockets.h"
#include "support/fences.h"
#include "support/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(port_chosen, .init = sockets_begin, .fini = harness_end, .timeout = 600);

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* Linux 6.3 */
#endif

/* Of the range of the namespace that a test makes. */
#define CHOSEN 45000
#define CHOSEN_TEXT "45000"

static const char *const endpoints[] = { "udp 127.0.0.1 0", "udp ::1 0", "tcp 127.0.0.1 0",
					 "tcp :: 0" };

#define ENDPOINT_COUNT (sizeof(endpoints) / sizeof(endpoints[0]))

/* Return: 0, errno of bind, or SOCKETS_FAILED if it got another port. */
static int bind_chosen(void *text)
{
	const struct endpoint endpoint = endpoint_parse(text);
	const uint32_t range = CHOSEN | (uint32_t)CHOSEN << 16;
	int fd = endpoint_make(&endpoint);

	if (setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)) < 0)
		return errno;
	if (bind(fd, &endpoint.address.any, endpoint.length) < 0)
		return errno;
	return endpoint_port(fd) == CHOSEN ? 0 : SOCKETS_FAILED;
}

static int bind_any(void *text)
{
	int fd = endpoint_open(text);

	return fd < 0 ? -fd : 0;
}

static void expect_chosen(const char *policy, int expected)
{
	harness_attach(sockets_fence(), policy);
	if (sockets_misses("port_range"))
		sockets_skip("this kernel does not let programs read IP_LOCAL_PORT_RANGE");
	for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
		int result = harness_in_cgroup(sockets_fence(), bind_chosen, (void *)endpoints[i]);

		if (result == ENOPROTOOPT)
			sockets_skip("this kernel has no IP_LOCAL_PORT_RANGE");
		cr_expect_eq(result, expected, "%s: %s: %d", policy, endpoints[i], result);
	}
}

Test(port_chosen, a_range_of_one_port_names_it)
{
	expect_chosen("{'ports': [8080]}", EPERM);
	for (size_t i = 0; i < ENDPOINT_COUNT; i++)
		cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_any, (void *)endpoints[i]), 0,
			     "%s", endpoints[i]);
}

Test(port_chosen, an_assigned_port_may_be_named_so)
{
	expect_chosen("{'ports': [8080, " CHOSEN_TEXT "]}", 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 0);
}

Test(port_chosen, an_audit_records_it_once)
{
	expect_chosen("{'enforce': false, 'ports': [8080]}", 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), ENDPOINT_COUNT);
}

static bool write_range(const char *range)
{
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);
	ssize_t length = (ssize_t)strlen(range);

	return fd >= 0 && write(fd, range, (size_t)length) == length && close(fd) == 0;
}

/* In a network namespace whose range is of this process's making. */
static int bind_in_own_range(void *text)
{
	if (namespaces_enter_net() || !write_range("2053 2053"))
		return SOCKETS_FAILED;
	return bind_any(text);
}

static int bind_in_usual_range(void *text)
{
	return namespaces_enter_net() ? SOCKETS_FAILED : bind_any(text);
}

Test(port_chosen, the_range_of_an_own_network_namespace_names_its_ports)
{
	harness_attach(sockets_fence(), "{'ports': [8080], 'netns': 'any'}");
	for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
		cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_in_own_range,
					       (void *)endpoints[i]),
			     EPERM, "%s", endpoints[i]);
		cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_in_usual_range,
					       (void *)endpoints[i]),
			     0, "%s", endpoints[i]);
	}
	harness_attach(sockets_fence(), "{'ports': [2053], 'netns': 'any'}");
	for (size_t i = 0; i < ENDPOINT_COUNT; i++)
		cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_in_own_range,
					       (void *)endpoints[i]),
			     0, "%s", endpoints[i]);
}

/* The host is the network namespace of the test, which nobody else has. */
Test(port_chosen, the_range_of_the_host_is_that_of_the_last_attach)
{
	static const char policy[] = "{'ports': [8080], 'netns': 'any'}";

	harness_attach(sockets_fence(), policy);
	cr_assert(write_range("2053 2053"));
	cr_expect_eq(harness_attach(sockets_fence(), policy), CGFENCE_REPLACED);
	for (size_t i = 0; i < ENDPOINT_COUNT; i++)
		cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_in_own_range,
					       (void *)endpoints[i]),
			     0, "%s", endpoints[i]);
	cr_expect_eq(harness_attach(sockets_fence(), policy), CGFENCE_UNCHANGED);
}

/* Or all binds to port 0 in other network namespaces would be refused. */
Test(port_chosen, the_range_of_the_host_has_to_be_known)
{
	struct cgfence_error error = { 0 };

	cr_assert_eq(mount("none", "/proc/sys", "tmpfs", 0, NULL), 0, "%s", strerror(errno));
	cr_expect_lt(fences_attach(sockets_fence(), "{'ports': [8080], 'netns': 'any'}", NULL,
				   &error),
		     0);
	cr_expect(strstr(error.text, "ip_local_port_range"), "%s", error.text);
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_any, (void *)endpoints[0]), 0);
}

/* @argument: NULL, or the port for IPv6 only that the socket asks for first, which is in use */
static int bind_to_any_port(void *argument)
{
	struct endpoint endpoint = endpoint_parse("udp :: 0");
	int fd = endpoint_make(&endpoint);
	int v6only = argument != NULL;

	if (fd < 0)
		return SOCKETS_FAILED;
	if (argument) {
		struct endpoint named = endpoint_parse(argument);

		if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) < 0 ||
		    bind(fd, &named.address.any, named.length) == 0 || errno != EADDRINUSE)
			return SOCKETS_FAILED;
	}
	v6only = 0;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) < 0)
		return SOCKETS_FAILED;
	return bind(fd, &endpoint.address.any, endpoint.length) < 0 ? errno : 0;
}

/*
 * Which of two binds that are under way at once gets the port cannot be told: one that names a port for IPv6 only, and one
 * to port 0 when the socket serves both.
 */
Test(port_chosen, not_soon_after_a_bind_to_a_port_of_one_family)
{
	int taken;

	harness_attach(sockets_fence(), "{'ports': ['ipv6:1024-65535']}");
	if (sockets_misses("v6only"))
		sockets_skip("this kernel does not let programs read IPV6_V6ONLY");
	taken = endpoint_open("udp :: 8081 v6only");
	cr_assert_geq(taken, 0);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_to_any_port, NULL), 0);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), bind_to_any_port, "udp :: 8081 v6only"),
		     EPERM);
	close(taken);
}
