// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs of others that come after the fence, several at once, and what they cannot do to it. */
#include "foreign.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cgfence/foreign.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(others_later, .init = sockets_begin, .fini = harness_end);

static void detach_fence(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_error error = { 0 };
	bool detached = false;

	cr_expect_eq(cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, &error), 0, "%s",
		     error.text);
	cr_expect(detached);
}

static int try_fence(const struct cgfence_cgroup *cgroup, const char *json,
		     struct cgfence_error *error)
{
	struct cgfence_policy *policy = harness_policy(json);
	enum cgfence_attach_result result;
	int code = cgfence_fence_attach(cgroup, policy, 0, &result, error);

	cgfence_policy_free(policy);
	return code;
}

static size_t count_listed(const struct foreign_hook *hook, const struct cgfence_cgroup *cgroup)
{
	enum cgfence_topic topic = hook->attach_type == BPF_CGROUP_DEVICE ? CGFENCE_TOPIC_DEVICES
									  : CGFENCE_TOPIC_PORTS;
	struct cgfence_foreign_program *programs = NULL;
	size_t count = 0;

	cr_expect_eq(cgfence_fence_list_foreign(cgroup, topic, &programs, &count, NULL), 0);
	free(programs);
	return count;
}

Test(others_later, on_the_cgroup_only_those_that_share_it_are_let_in)
{
	for (int i = 0; i < FOREIGN_SOCKOPS; i++) {
		const struct foreign_hook *hook = &foreign_hooks[i];
		struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), hook->name);
		struct foreign foreign = foreign_load(hook);

		harness_attach(cgroup, foreign_policy(hook));
		cr_expect_eq(foreign_try_attach(&foreign, cgroup, FOREIGN_NONE), EPERM);
		cr_expect_eq(foreign_try_attach(&foreign, cgroup, FOREIGN_OVERRIDE), EPERM);
		cr_expect(foreign_fence_refuses(hook, cgroup), "%s", hook->name);
		cr_expect_eq(foreign_try_attach(&foreign, cgroup, FOREIGN_MULTI), 0);
		cr_expect(foreign_is_asked(&foreign, cgroup), "%s", hook->name);
		cr_expect_eq(foreign_query(hook, cgroup).ids[1], foreign.id, "ours is asked first");
		harness_attach(cgroup, "{'devices': {}, 'ports': [8080, 8081]}");
		cr_expect_eq(foreign_query(hook, cgroup).ids[1], foreign.id);
		cr_expect_eq(count_listed(hook, cgroup), 1, "%s", hook->name);
		detach_fence(cgroup);
		cr_expect_eq(foreign_query(hook, cgroup).count, 1, "%s", hook->name);
		cr_expect(foreign_is_asked(&foreign, cgroup), "%s", hook->name);
		cr_expect_eq(foreign_detach(&foreign), 0);
		foreign_close(&foreign);
	}
}

/* Of those above, the kernel asks only the ones that share where there is one below (compute_effective_progs). */
Test(others_later, above_they_have_a_say_only_if_they_share)
{
	const struct foreign_hook *hook = &foreign_hooks[FOREIGN_DEVICE];

	for (int way = 0; way < FOREIGN_WAY_COUNT; way++) {
		bool shares = way == FOREIGN_MULTI || way == FOREIGN_LINK;
		struct cgfence_cgroup *above =
			harness_child_cgroup(harness_cgroup(), foreign_way_names[way]);
		struct cgfence_cgroup *cgroup = harness_child_cgroup(above, "fence");
		struct foreign foreign;

		harness_attach(cgroup, FOREIGN_POLICY_DEVICES);
		foreign = foreign_attach(hook, above, (enum foreign_way)way);
		cr_expect_eq(foreign_is_asked(&foreign, cgroup), shares, "%s",
			     foreign_way_names[way]);
		cr_expect_eq(count_listed(hook, cgroup), shares ? 1 : 0, "%s",
			     foreign_way_names[way]);
		cr_expect_eq(count_listed(hook, above), 1);
		/* It excludes others, but ours is attached already and only updates its link. */
		harness_attach(cgroup, "{'devices': {'allow': ['c 1:3 rw', 'c 1:5 r']}}");
		cr_expect(foreign_fence_refuses(hook, cgroup), "%s", foreign_way_names[way]);
		detach_fence(cgroup);
		cr_expect(foreign_is_asked(&foreign, cgroup), "%s", foreign_way_names[way]);
		cr_expect_eq(foreign_query(hook, above).count, 1);
		foreign_close(&foreign);
	}
}

Test(others_later, below_they_come_as_they_like_and_take_nothing_away)
{
	const struct foreign_hook *hook = &foreign_hooks[FOREIGN_BIND4];

	harness_attach(sockets_fence(), FOREIGN_POLICY_PORTS);
	for (int way = 0; way < FOREIGN_WAY_COUNT; way++) {
		struct cgfence_cgroup *below =
			harness_child_cgroup(sockets_fence(), foreign_way_names[way]);
		struct foreign foreign = foreign_attach(hook, below, (enum foreign_way)way);

		cr_expect(foreign_is_asked(&foreign, below), "%s", foreign_way_names[way]);
		cr_expect(foreign_fence_refuses(hook, below), "%s", foreign_way_names[way]);
		harness_attach(sockets_fence(),
			       way % 2 ? FOREIGN_POLICY_PORTS : "{'ports': [8080, 8081, 8082]}");
		cr_expect(foreign_is_asked(&foreign, below), "%s", foreign_way_names[way]);
		cr_expect(foreign_fence_refuses(hook, below), "%s", foreign_way_names[way]);
		cr_expect_eq(foreign_query(hook, below).count, 1);
		foreign_close(&foreign);
	}
}

/* A program can only override the nearest one, which had a say. */
static const struct {
	const char *name;
	enum foreign_way farther;
	enum foreign_way nearer;
	enum foreign_way
		here; /* FOREIGN_WAY_COUNT for none; it came first, since the others might have excluded it */
	const char *in_the_way;
} chains[] = {
	{ "shared-overridable", FOREIGN_MULTI, FOREIGN_OVERRIDE, FOREIGN_WAY_COUNT, "nearer" },
	{ "shared-alone", FOREIGN_MULTI, FOREIGN_NONE, FOREIGN_WAY_COUNT, "nearer" },
	{ "overridable-shared", FOREIGN_OVERRIDE, FOREIGN_MULTI, FOREIGN_WAY_COUNT, NULL },
	{ "overridable-overridable", FOREIGN_OVERRIDE, FOREIGN_OVERRIDE, FOREIGN_WAY_COUNT,
	  "nearer" },
	{ "overridden-already", FOREIGN_MULTI, FOREIGN_OVERRIDE, FOREIGN_MULTI, NULL },
	{ "alone-later", FOREIGN_MULTI, FOREIGN_NONE, FOREIGN_MULTI, "nearer" },
	{ "all-shared", FOREIGN_MULTI, FOREIGN_LINK, FOREIGN_MULTI, NULL },
};

Test(others_later, several_above_one_another)
{
	const struct foreign_hook *hook = &foreign_hooks[FOREIGN_DEVICE];

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		struct cgfence_cgroup *farther =
			harness_child_cgroup(harness_cgroup(), chains[i].name);
		struct cgfence_cgroup *nearer = harness_child_cgroup(farther, "nearer");
		struct cgfence_cgroup *cgroup = harness_child_cgroup(nearer, "fence");
		bool shared = chains[i].here != FOREIGN_WAY_COUNT;
		struct cgfence_error error = { 0 };
		struct foreign there[3];
		int count = 0;
		int code;

		if (shared)
			there[count++] = foreign_attach(hook, cgroup, chains[i].here);
		there[count++] = foreign_attach(hook, farther, chains[i].farther);
		there[count++] = foreign_attach(hook, nearer, chains[i].nearer);
		code = try_fence(cgroup, FOREIGN_POLICY_DEVICES, &error);
		cr_expect_eq(code, chains[i].in_the_way ? -EPERM : 0, "%s: %d, '%s'",
			     chains[i].name, code, error.text);
		if (chains[i].in_the_way)
			cr_expect_neq(strstr(error.text, "/nearer "), NULL, "%s: %s",
				      chains[i].name, error.text);
		else
			detach_fence(cgroup);
		cr_expect_eq(foreign_query(hook, cgroup).count, shared ? 1 : 0);
		while (count)
			foreign_close(&there[--count]);
	}
}

/* runc replaces the only filter by a new one; of several it removes all. */
Test(others_later, ours_cannot_be_detached_or_replaced_by_program)
{
	const struct foreign_hook *hook = &foreign_hooks[FOREIGN_DEVICE];
	struct foreign foreign = foreign_load(hook);
	LIBBPF_OPTS(bpf_prog_attach_opts, options, .flags = BPF_F_ALLOW_MULTI | BPF_F_REPLACE);
	int cgroup = cgfence_cgroup_fd(sockets_fence());
	int ours;

	harness_attach(sockets_fence(), FOREIGN_POLICY_DEVICES);
	ours = bpf_prog_get_fd_by_id(foreign_query(hook, sockets_fence()).ids[0]);
	cr_assert_geq(ours, 0);
	cr_expect_eq(bpf_prog_detach2(ours, cgroup, hook->attach_type), -ENOENT);
	options.replace_prog_fd = ours;
	cr_expect_eq(bpf_prog_attach_opts(foreign.program, cgroup, hook->attach_type, &options),
		     -ENOENT);
	cr_expect(foreign_fence_refuses(hook, sockets_fence()));
	close(ours);
	foreign_close(&foreign);
}

Test(others_later, a_link_that_somebody_pinned_elsewhere_stays)
{
	const struct foreign_hook *hook = &foreign_hooks[FOREIGN_BIND4];
	struct foreign foreign = foreign_attach(hook, sockets_fence(), FOREIGN_LINK);

	cr_assert_eq(mkdir("/sys/fs/bpf/somebody", 0700), 0);
	cr_assert_eq(bpf_obj_pin(foreign.link, "/sys/fs/bpf/somebody/bind4"), 0);
	close(foreign.link);
	foreign.link = -1;
	harness_attach(sockets_fence(), FOREIGN_POLICY_PORTS);
	harness_attach(sockets_fence(), "{'ports': [8080, 8081, 8082]}");
	cr_expect(foreign_is_asked(&foreign, sockets_fence()));
	cr_expect_eq(count_listed(hook, sockets_fence()), 1);
	detach_fence(sockets_fence());
	cgfence_fence_sweep();
	cr_expect_eq(access("/sys/fs/bpf/somebody/bind4", F_OK), 0);
	cr_expect(foreign_is_asked(&foreign, sockets_fence()));
	cr_expect_eq(unlink("/sys/fs/bpf/somebody/bind4"), 0);
	foreign_close(&foreign);
}

/* A replacement needs no additional place. */
Test(others_later, a_fence_among_63_others_can_be_replaced)
{
	const struct foreign_hook *hook = &foreign_hooks[FOREIGN_DEVICE];
	struct foreign foreign;

	for (int i = 0; i < 63; i++) {
		foreign = foreign_attach(hook, sockets_fence(), FOREIGN_MULTI);
		foreign_close(&foreign);
	}
	harness_attach(sockets_fence(), FOREIGN_POLICY_DEVICES);
	harness_attach(sockets_fence(), "{'devices': {'allow': ['c 1:3 rw']}}");
	cr_expect_eq(foreign_query(hook, sockets_fence()).count, 64);
	cr_expect_eq(count_listed(hook, sockets_fence()), 63);
	/* With one above, more are in effect than the kernel attaches to a cgroup. */
	foreign = foreign_attach(hook, harness_cgroup(), FOREIGN_MULTI);
	cr_expect_eq(count_listed(hook, sockets_fence()), 64);
	detach_fence(sockets_fence());
	cr_expect_eq(foreign_query(hook, sockets_fence()).count, 63);
	foreign_close(&foreign);
}

Test(others_later, a_full_hook_is_named_and_nothing_of_ours_is_left_on_the_rest)
{
	for (int i = 0; i < FOREIGN_SOCKOPS; i++) {
		const struct foreign_hook *hook = &foreign_hooks[i];
		struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), hook->name);
		struct cgfence_error error = { 0 };
		char expected[256];
		struct foreign foreign;

		for (int j = 0; j < 64; j++) {
			foreign = foreign_attach(hook, cgroup, FOREIGN_MULTI);
			foreign_close(&foreign);
		}
		cr_expect_eq(try_fence(cgroup, "{'devices': {}, 'ports': [8080]}", &error), -E2BIG);
		snprintf(
			expected, sizeof(expected),
			"64 programs are attached to the %s hook of %s, the most that the kernel takes, the last of them program %u 'foreign'; ",
			hook->name, cgfence_cgroup_path(cgroup), foreign.id);
		cr_expect_neq(strstr(error.text, expected), NULL, "%s", error.text);
		for (int j = 0; j < FOREIGN_HOOK_COUNT; j++)
			cr_expect_eq(foreign_query(&foreign_hooks[j], cgroup).count,
				     i == j ? 64 : 0);
	}
}

/* Internal to the kernel (include/linux/errno.h), but bpf(2) returns it, as on arm64 before it could attach any there. */
#define KERNEL_ENOTSUPP 524

/* An LSM program, if this kernel takes it; -1 otherwise. */
static int load_lsm(const char *function)
{
	const struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int btf_id = libbpf_find_vmlinux_btf_id(function, BPF_LSM_CGROUP);
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_LSM_CGROUP,
		    .attach_btf_id = (uint32_t)btf_id);

	return btf_id > 0 ? bpf_prog_load(BPF_PROG_TYPE_LSM, "foreign", "GPL", allow, 2, &options)
			  : -1;
}

Test(others_later, of_lsm_programs_those_that_judge_listening_are_listed)
{
	const struct foreign_hook *ports = &foreign_hooks[FOREIGN_BIND4];
	int cgroup = cgfence_cgroup_fd(sockets_fence());
	int listening = load_lsm("socket_listen");
	int other = load_lsm("socket_accept");
	int links[2];

	if (listening < 0 || other < 0)
		sockets_skip("this kernel takes no LSM programs for cgroups");
	links[0] = bpf_link_create(listening, cgroup, BPF_LSM_CGROUP, NULL);
	if (links[0] < 0 && errno == KERNEL_ENOTSUPP)
		sockets_skip("this kernel attaches no LSM programs to cgroups");
	links[1] = bpf_link_create(other, cgroup, BPF_LSM_CGROUP, NULL);
	cr_assert(links[0] >= 0 && links[1] >= 0, "%s", strerror(errno));
	cr_expect_eq(count_listed(ports, sockets_fence()), 1, "without a fence");
	harness_attach(sockets_fence(), FOREIGN_POLICY_PORTS);
	cr_expect_eq(count_listed(ports, sockets_fence()), 1);
	close(links[0]);
	cr_expect_eq(count_listed(ports, sockets_fence()), 0);
	close(links[1]);
	close(listening);
	close(other);
}
