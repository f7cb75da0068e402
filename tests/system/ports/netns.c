// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* "netns": which network namespaces a fence is for. */
#include "support/sockets.h"
#include "support/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

TestSuite(port_netns, .init = sockets_begin, .fini = harness_end);

static int listen_in_new_namespace(void *argument)
{
	int fd;

	if (namespaces_enter_net())
		return SOCKETS_FAILED;
	fd = endpoint_open(argument);
	return fd < 0 ? -fd : listen(fd, 8) < 0 ? errno : 0;
}

/* The namespace of the socket counts, not that of the process. */
static int bind_foreign_socket(void *argument)
{
	struct endpoint endpoint = endpoint_parse(argument);
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd;

	if (namespaces_enter_net())
		return SOCKETS_FAILED;
	fd = endpoint_make(&endpoint);
	if (home < 0 || setns(home, CLONE_NEWNET) < 0 || fd < 0)
		return SOCKETS_FAILED;
	return bind(fd, &endpoint.address.any, endpoint.length) < 0 ? errno : 0;
}

static const char *const binders[] = { "tcp 127.0.0.1 9", "tcp :: 9", "udp 127.0.0.1 9",
				       "udp ::1 9" };

static void expect_all(int (*function)(void *argument), int expected)
{
	for (size_t i = 0; i < sizeof(binders) / sizeof(binders[0]); i++)
		cr_expect_eq(harness_in_cgroup(sockets_fence(), function, (void *)binders[i]),
			     expected, "%s", binders[i]);
}

Test(port_netns, sockets_of_other_namespaces_are_ignored_by_default)
{
	harness_attach(sockets_fence(), "{'ports': [8080], 'on_violation': 'kill'}");
	expect_all(sockets_bind_elsewhere, 0);
	expect_all(bind_foreign_socket, 0);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_in_new_namespace, "tcp 127.0.0.1 9"),
		     0);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_in_new_namespace, "tcp ::1 0"), 0);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_in_new_namespace,
				       "tcp 0.0.0.0 unbound"),
		     0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 0);
	/* A listener that may be in this namespace is seen. */
	if (!sockets_misses("netns"))
		cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), 0);
	for (size_t i = 0; i < sizeof(binders) / sizeof(binders[0]); i++)
		cr_expect_eq(sockets_bind(sockets_fence(), binders[i]), EPERM, "%s", binders[i]);
}

Test(port_netns, sockets_of_every_namespace_are_judged_if_the_policy_says_any)
{
	harness_attach(sockets_fence(), "{'ports': [8080], 'netns': 'any'}");
	expect_all(sockets_bind_elsewhere, EPERM);
	expect_all(bind_foreign_socket, EPERM);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), sockets_bind_elsewhere, "tcp :: 8080"), 0);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), sockets_bind_elsewhere, "tcp :: 0"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp :: 9"), EPERM);
}

Test(port_netns, listeners_in_every_namespace_are_guarded_if_the_policy_says_any)
{
	enum cgfence_listen_guard guard;
	int expected;

	harness_attach(sockets_fence(),
		       "{'ports': [8080], 'netns': 'any', 'on_violation': 'kill'}");
	guard = sockets_guard(sockets_fence());
	if (guard == CGFENCE_GUARD_NONE)
		sockets_skip("this kernel has no listen guard");
	expected = sockets_guarded_result(guard);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_in_new_namespace, "tcp ::1 0"),
		     expected);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_in_new_namespace, "tcp ::1 8080"),
		     0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), 1);
}

Test(port_netns, a_waived_capability_is_waived_in_the_own_namespace_only)
{
	struct cgfence_policy *policy = harness_policy("{'ports': [80], 'privileged_ports': true}");
	enum cgfence_attach_result result;
	int code = cgfence_fence_attach(sockets_fence(), policy, 0, &result, NULL);

	cgfence_policy_free(policy);
	if (code)
		sockets_skip("this kernel cannot waive the capability");
	cr_expect_eq(harness_in_cgroup(sockets_fence(), sockets_bind_elsewhere, "tcp 127.0.0.1 80"),
		     0);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), sockets_bind_elsewhere, "tcp 127.0.0.1 81"),
		     0);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 81"), EPERM);
}

static int attach_in_new_namespace(void *argument)
{
	struct cgfence_policy *policy = harness_policy(argument);
	enum cgfence_attach_result result;
	int code;

	if (namespaces_enter_net())
		return SOCKETS_FAILED;
	code = cgfence_fence_attach(sockets_fence(), policy, 0, &result, NULL);
	cgfence_policy_free(policy);
	return code ? -code : (int)result + 100;
}

/* The same policy, attached from another namespace, is a different one. */
Test(port_netns, the_namespace_is_the_one_that_the_fence_was_attached_from)
{
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 9"), EPERM);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), attach_in_new_namespace,
				       "{'ports': [8080]}"),
		     100 + CGFENCE_REPLACED);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 9"), 0);
	cr_expect_eq(harness_attach(sockets_fence(), "{'ports': [8080]}"), CGFENCE_REPLACED);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 9"), EPERM);
}

/* Two nested fences: one for the namespace of the test, one for the namespace that the other was attached from. */
Test(port_netns, two_fences_can_be_for_two_namespaces)
{
	struct cgfence_cgroup *inner = harness_child_cgroup(sockets_fence(), "inner");
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int other;

	cr_assert_eq(namespaces_enter_net(), 0);
	other = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	harness_attach(inner, "{'ports': [8081]}");
	cr_assert_eq(setns(home, CLONE_NEWNET), 0);
	harness_attach(sockets_fence(), "{'ports': [8080]}");

	cr_expect_eq(sockets_bind(inner, "tcp ::1 8080"), 0);
	cr_expect_eq(sockets_bind(inner, "tcp ::1 8081"), EPERM);
	cr_assert_eq(setns(other, CLONE_NEWNET), 0);
	cr_expect_eq(sockets_bind(inner, "tcp ::1 8080"), EPERM);
	cr_expect_eq(sockets_bind(inner, "tcp ::1 8081"), 0);
	cr_expect_eq(harness_in_cgroup(inner, sockets_bind_elsewhere, "tcp ::1 9"), 0);
	close(home);
	close(other);
}
