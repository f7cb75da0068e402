// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whom a fence of ports holds, how it changes, and which hooks it has. */
#include "support/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

TestSuite(port_life, .init = sockets_begin, .fini = harness_end);

static const struct {
	const char *name;
	int attach_type;
} port_hooks[] = {
	{ "bind4", BPF_CGROUP_INET4_BIND },
	{ "bind6", BPF_CGROUP_INET6_BIND },
	{ "post_bind4", BPF_CGROUP_INET4_POST_BIND },
	{ "post_bind6", BPF_CGROUP_INET6_POST_BIND },
	{ "sock_create", BPF_CGROUP_INET_SOCK_CREATE },
	{ "sockops", BPF_CGROUP_SOCK_OPS },
};

#define PORT_HOOK_COUNT (sizeof(port_hooks) / sizeof(port_hooks[0]))

static bool has_hook(const char *name)
{
	struct cgfence_fence *fence = NULL;
	bool found = false;
	const char *hook;

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(sockets_fence()), &fence, NULL), 0);
	for (size_t i = 0; (hook = cgfence_fence_hook_name(fence, i)); i++)
		found = found || strcmp(hook, name) == 0;
	cgfence_fence_close(fence);
	return found;
}

/* @names: all port hooks that must exist, except sockops, which depends on the listen guard. */
static void expect_hooks(const char *policy, const char *names)
{
	for (size_t i = 0; i < PORT_HOOK_COUNT; i++) {
		bool wanted = strstr(names, port_hooks[i].name);

		if (port_hooks[i].attach_type == BPF_CGROUP_SOCK_OPS) {
			enum cgfence_listen_guard guard = sockets_guard(sockets_fence());

			/* Where sockops programs may not send signals, one for the whole host kills. */
			wanted = guard == CGFENCE_GUARD_EVENT || guard == CGFENCE_GUARD_MUTE ||
				 (guard == CGFENCE_GUARD_KILL && has_hook("sockops"));
		} else if (strncmp(port_hooks[i].name, "bind", 4) == 0) {
			/* The name is also the end of that of post_bind. */
			wanted = strstr(names, "+bind");
		}
		cr_expect_eq(sockets_hook_programs(sockets_fence(), port_hooks[i].attach_type),
			     wanted, "%s: %s", policy, port_hooks[i].name);
		cr_expect_eq(has_hook(port_hooks[i].name), wanted, "%s: %s", policy,
			     port_hooks[i].name);
	}
	cr_expect_eq(harness_hook_programs(sockets_fence()), !!strstr(names, "device"), "%s",
		     policy);
}

#define ALL_BINDS "+bind post_bind4 post_bind6"

Test(port_life, a_fence_has_the_hooks_that_its_policy_needs_and_no_other)
{
	static const struct {
		const char *policy;
		const char *hooks;
	} cases[] = {
		{ "{'ports': [8080]}", ALL_BINDS " sock_create" },
		{ "{'devices': {}, 'ports': [8080]}", ALL_BINDS " sock_create device" },
		/* Without ports no port hook is left, and without devices no device hook. */
		{ "{'devices': {}}", "device" },
		{ "{'devices': {}, 'ports': {'udp': [53]}}", ALL_BINDS " sock_create device" },
		{ "{'ports': {'udp': [53]}}", ALL_BINDS " sock_create" },
		{ "{'ports': {'tcp': [80], 'udp': 'any', 'sctp': 'any'}}", ALL_BINDS },
		{ "{'ports': {'tcp': 'any', 'udp': [53], 'sctp': 'any'}}", ALL_BINDS },
		{ "{'ports': 'any'}", "+bind sock_create" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		harness_attach(sockets_fence(), cases[i].policy);
		expect_hooks(cases[i].policy, cases[i].hooks);
	}
}

/* status, show and detach find a fence by its hooks. */
Test(port_life, a_policy_that_leaves_every_port_free_is_refused_or_shown)
{
	static const char everything[] =
		"{\"ports\": {\"tcp\": \"any\", \"udp\": \"any\", \"sctp\": \"any\"}}";
	struct cgfence_policy *policy = NULL;
	struct cgfence_fence *fence = NULL;
	bool detached = false;

	if (cgfence_policy_parse(everything, strlen(everything), "test", &policy, NULL) == -EINVAL)
		return;
	cgfence_policy_free(policy);
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	harness_attach(sockets_fence(), everything);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp :: 9"), 0);
	cr_expect_eq(cgfence_fence_open(cgfence_cgroup_id(sockets_fence()), &fence, NULL), 0);
	cr_expect_eq(harness_attach(sockets_fence(), everything), CGFENCE_UNCHANGED);
	cr_expect_eq(cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL), 0);
	cr_expect(detached);
	cgfence_fence_close(fence);
}

#define DESCRIPTORS 256

static void list_descriptors(bool open_now[DESCRIPTORS])
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		open_now[fd] = fcntl(fd, F_GETFD) >= 0;
}

Test(port_life, the_descriptors_of_the_caller_are_left_as_they_are)
{
	bool before[DESCRIPTORS];
	bool after[DESCRIPTORS];
	struct cgfence_fence *fence = NULL;
	bool detached;

	list_descriptors(before);
	cr_assert(before[0], "the test has a standard input to lose");
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	harness_attach(sockets_fence(),
		       "{'devices': {}, 'ports': ['ipv4:8080'], 'on_violation': 'kill'}");
	harness_attach(sockets_fence(), "{'devices': {}}");
	cgfence_fence_open(cgfence_cgroup_id(sockets_fence()), &fence, NULL);
	cgfence_fence_close(fence);
	cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL);
	list_descriptors(after);
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		cr_expect_eq(before[fd], after[fd], "descriptor %d was %s", fd,
			     before[fd] ? "closed" : "left open");
}

Test(port_life, detach_takes_every_hook_away)
{
	bool detached = false;

	harness_attach(sockets_fence(), "{'devices': {}, 'ports': [8080]}");
	cr_expect_eq(cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL), 0);
	cr_expect(detached);
	for (size_t i = 0; i < PORT_HOOK_COUNT; i++)
		cr_expect_eq(sockets_hook_programs(sockets_fence(), port_hooks[i].attach_type), 0);
	cr_expect_eq(harness_hook_programs(sockets_fence()), 0);
	cr_expect_eq(sockets_listen(sockets_fence(), "tcp :: 9"), 0);
}

Test(port_life, fences_nest_and_all_must_allow)
{
	struct cgfence_cgroup *middle = harness_child_cgroup(sockets_fence(), "middle");
	struct cgfence_cgroup *inner = harness_child_cgroup(middle, "inner");

	harness_attach(sockets_fence(), "{'ports': ['8080-8082']}");
	harness_attach(inner, "{'ports': ['8081-8083']}");
	cr_expect_eq(sockets_bind(inner, "tcp ::1 8080"), EPERM);
	cr_expect_eq(sockets_bind(inner, "tcp ::1 8081"), 0);
	cr_expect_eq(sockets_bind(inner, "udp 127.0.0.1 8082"), 0);
	cr_expect_eq(sockets_bind(inner, "udp 127.0.0.1 8083"), EPERM);
	cr_expect_eq(sockets_bind(inner, "tcp :: 0"), 0);
	cr_expect_eq(sockets_bind(middle, "tcp ::1 8080"), 0);
	cr_expect_eq(sockets_bind(middle, "tcp ::1 8083"), EPERM);
	cr_expect_eq(sockets_listen(inner, "tcp :: 8081"), 0);
	/* Each fence records its own refusals. */
	cr_expect_eq(sockets_refusal_count(inner, CGFENCE_HOOK_BIND), 1);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 2);
}

Test(port_life, a_cgroup_made_later_is_inside)
{
	struct cgfence_cgroup *later;

	harness_attach(sockets_fence(), "{'ports': [8080]}");
	later = harness_child_cgroup(harness_child_cgroup(sockets_fence(), "later"), "still-later");
	cr_expect_eq(sockets_bind(later, "tcp ::1 8080"), 0);
	cr_expect_eq(sockets_bind(later, "tcp ::1 9"), EPERM);
	cr_expect_eq(sockets_bind(later, "udp :: 9"), EPERM);
	cr_expect_eq(sockets_bind(harness_cgroup(), "tcp ::1 9"), 0);
}

Test(port_life, a_replacement_is_in_force_at_once)
{
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 8080"), 0);
	cr_expect_eq(harness_attach(sockets_fence(), "{'ports': [8081]}"), CGFENCE_REPLACED);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 8080"), EPERM);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 8081"), 0);
	cr_expect_eq(harness_attach(sockets_fence(), "{'ports': [8081], 'netns': 'any'}"),
		     CGFENCE_REPLACED);
	cr_expect_eq(harness_attach(sockets_fence(), "{'ports': [8081], 'netns': 'any'}"),
		     CGFENCE_UNCHANGED);
	cr_expect_eq(harness_attach(sockets_fence(), "{'ports': ['ipv6:8081'], 'netns': 'any'}"),
		     CGFENCE_REPLACED);
	cr_expect_eq(sockets_bind(sockets_fence(), "udp ::1 8081"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "udp 127.0.0.1 8081"), EPERM);
}

Test(port_life, devices_and_ports_are_fenced_by_one_policy)
{
	harness_attach(sockets_fence(), "{'devices': {'allow': ['c 1:3 r']}, 'ports': [8080]}");
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_WRONLY), EPERM);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 8080"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 9"), EPERM);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_DEVICE), 1);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 1);

	harness_attach(sockets_fence(), "{'devices': {'allow': ['c 1:3 r']}}");
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_WRONLY), EPERM);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 9"), 0);
	cr_expect_eq(sockets_listen(sockets_fence(), "tcp ::1 0"), 0);

	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_WRONLY), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 9"), EPERM);
}

static char *show(void)
{
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	char *text = NULL;

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(sockets_fence()), &fence, &error), 0,
		     "%s", error.text);
	cr_assert_eq(cgfence_policy_format(cgfence_fence_policy(fence), &text, &error), 0, "%s",
		     error.text);
	cgfence_fence_close(fence);
	return text;
}

Test(port_life, the_policy_shown_is_taken_back_unchanged)
{
	static const char *const policies[] = {
		"{'ports': [8080, '31000-31005']}",
		"{'ports': []}",
		"{'ports': 'any'}",
		"{'ports': {'tcp': [], 'udp': 'any', 'sctp': 'any'}}",
		"{'name': 'web', 'enforce': false, 'devices': {'defaults': true}, 'ports': {'tcp': ['ipv4:80', 'ipv6:81-90']}}",
		"{'ports': [8080], 'isolated_range': ['8000-9000', 'ipv6:1'], 'netns': 'any'}",
		"{'ports': [8080], 'isolated_range': []}",
		"{'ports': [8080], 'on_violation': 'kill'}",
		"{'ports': ['1-65535'], 'on_violation': 'close'}",
	};

	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		char *first;
		char *second;

		harness_attach(sockets_fence(), policies[i]);
		first = show();
		cr_expect_neq(harness_attach(sockets_fence(), first), CGFENCE_REPLACED, "%s: %s",
			      policies[i], first);
		second = show();
		cr_expect_str_eq(first, second, "%s", policies[i]);
		free(first);
		free(second);
	}
}
