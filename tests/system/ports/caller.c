// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who calls listen(2) counts, and not only the cgroup in which the socket was made: an accepted connection has that of its
 * listener, and can be disconnected, bound and made to listen without a program of the fence being asked.
 */
#include "kernel/listen_trace.h"
#include "kernel/pins.h"
#include "support/sockets.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
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

/* As a service does that is given a socket. */
static int listen_after_leaving(void *argument)
{
	const struct endpoint endpoint = endpoint_parse("tcp 127.0.0.1 0");
	int fd = endpoint_make(&endpoint);

	(void)argument;
	if (fd < 0 || bind(fd, &endpoint.address.any, endpoint.length) < 0 ||
	    harness_enter(harness_cgroup()))
		return SOCKETS_FAILED;
	return listen(fd, 1) < 0 ? errno : 0;
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

/* Or what is in the fence could have others killed. */
Test(port_caller, nobody_outside_is_killed_for_a_socket_from_inside)
{
	enum cgfence_listen_guard guard =
		attach_or_skip("{'ports': [8080], 'on_violation': 'kill'}");

	cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_after_leaving, NULL), 0);
	/* Where listen(2) is refused, the kernel asks the programs of the caller's cgroup. */
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN),
		     guard == CGFENCE_GUARD_KILL);
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

static struct cgfence_traced_fence read_traced(void)
{
	const uint64_t id = cgfence_cgroup_id(sockets_fence());
	struct cgfence_traced_fence fence = { 0 };
	int map = bpf_obj_get(PINS_ROOT "/listen_fences");

	cr_assert_eq(bpf_map_lookup_elem(map, &id, &fence), 0, "%s", strerror(errno));
	close(map);
	return fence;
}

/* What the program knows of it is in two elements, and it may see one of each policy while one replaces the other. */
Test(port_caller, of_two_policies_of_many_ranges_the_ranges_alone_differ)
{
	struct cgfence_traced_fence before;
	struct cgfence_traced_fence after;

	if (attach_or_skip("{'ports': [100, 'ipv4:30000', 40001], 'on_violation': 'kill'}") !=
	    CGFENCE_GUARD_KILL)
		sockets_skip("listen is refused here, and nobody killed");
	before = read_traced();
	harness_attach(sockets_fence(), "{'ports': ['9000-65535', 20000], 'on_violation': 'kill'}");
	harness_attach(sockets_fence(),
		       "{'ports': [9000, 20000, 40001, 60000], 'on_violation': 'kill'}");
	after = read_traced();
	cr_expect_eq(memcmp(&before, &after, sizeof(before)), 0);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_inside, "tcp 127.0.0.1 40001"), 0);
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

static struct cgfence_cgroup *deep;

static int listen_deep(void *argument)
{
	int fd = endpoint_recycled();

	(void)argument;
	if (fd < 0 || harness_enter(deep))
		return SOCKETS_FAILED;
	return listen(fd, 1) < 0 ? errno : 0;
}

/* The kernel program goes up in steps of several levels. */
Test(port_caller, a_fence_is_judged_at_any_depth)
{
	enum cgfence_listen_guard guard =
		attach_or_skip("{'ports': [8080], 'on_violation': 'kill'}");
	bool detached;

	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL), 0);
	deep = sockets_fence();
	for (int i = 1; i <= 16; i++) {
		deep = harness_child_cgroup(deep, "deeper");
		if (i % 5)
			continue;
		harness_attach(deep, "{'ports': [8080], 'on_violation': 'kill'}");
		cr_expect_eq(harness_in_cgroup(harness_cgroup(), listen_deep, NULL),
			     sockets_guarded_result(guard), "%d below", i);
		cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(deep), &detached, NULL), 0);
	}
}

/* Of the program that the link in the directory of the host has. */
static struct bpf_prog_info read_info(void)
{
	int link = bpf_obj_get(PINS_ROOT "/listen");
	struct bpf_link_info of_link = { 0 };
	struct bpf_prog_info info = { 0 };
	__u32 link_size = sizeof(of_link);
	__u32 size = sizeof(info);
	int program;

	if (link < 0)
		harness_skip("fences of this kernel do without that program");
	cr_assert_eq(bpf_obj_get_info_by_fd(link, &of_link, &link_size), 0);
	program = bpf_prog_get_fd_by_id(of_link.prog_id);
	cr_assert_eq(bpf_obj_get_info_by_fd(program, &info, &size), 0);
	close(program);
	close(link);
	return info;
}

/* The kernel counts since 5.16. A loop over all standing fences or levels took 94,000, and 35 ms of the first attach. */
Test(port_caller, the_kernel_verifies_its_program_quickly)
{
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_leq(read_info().verified_insns, 12000, "%u", read_info().verified_insns);
}

/* Programs have ascending ids. */
static __u32 next_id(void)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, NULL, "GPL", nothing, 2, NULL);
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	close(fd);
	return info.id;
}

Test(port_caller, the_program_that_was_tried_is_the_one_that_is_used)
{
	struct cgfence_error error = { 0 };
	bool taken = false;
	__u32 id;

	cr_assert_eq(pins_make_root(&error), 0, "%s", error.text);
	cr_assert_eq(listen_trace_try(&taken, &error), 0, "%s", error.text);
	if (!taken)
		harness_skip("this kernel does not take the program");
	id = next_id();
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_lt(read_info().id, id);
}
