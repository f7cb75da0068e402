// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "doctoring.h"
#include "support/harness.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(doctor_cgroup, .init = harness_begin, .fini = harness_end, .timeout = 600);

static int refused_bind(void *argument)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(7001) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)argument;
	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

/* The words of a remedy after "cgfence ". */
static void run_remedy(const json_t *finding)
{
	const char *command = strstr(text_of(finding, "remedy"), "cgfence ");
	const struct program_options options = { .by_words = true };
	char script[512];

	cr_assert(command);
	snprintf(script, sizeof(script), "exec \"$1\" %s", command + strlen("cgfence "));
	assert_done(program_run(&options, WORDS("sh", "-c", script, "sh", program_path())));
}

Test(doctor_cgroup, a_refusal_comes_with_the_command_that_allows_it)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	json_t *report;

	harness_attach(harness_cgroup(), "{'name': 'web', 'devices': {}, 'ports': [1]}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	report = doctoring_look_at(path);
	expect_keys(report, "cgroup checks");
	cr_expect_str_eq(text_of(report, "cgroup"), path);
	doctoring_expect(report, "fence", "ok", ": policy web, enforced, since 20");
	doctoring_expect(report, "denied", "note", "device c 1:3 r to ");
	run_remedy(doctoring_find(report, "denied"));
	json_decref(report);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), 0);
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), refused_bind, NULL), EPERM);
	report = doctoring_look_at(path);
	doctoring_expect(report, "denied", "note", "bind tcp ipv4:7001 to ");
	run_remedy(doctoring_find(report, "denied"));
	json_decref(report);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), refused_bind, NULL), 0);
}

/* @alone: does it serve IPv6 only? */
static int bind_six(void *alone)
{
	const struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(7002) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, alone, sizeof(int)) < 0)
		return -1;
	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

Test(doctor_cgroup, a_socket_of_ipv6_may_have_wanted_the_port_for_both_families)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	int alone = false;
	json_t *report;

	harness_attach(harness_cgroup(), "{'ports': [1]}");
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), bind_six, &alone), EPERM);
	assert_done(program_run(NULL, WORDS("allow", path, "port", "tcp", "ipv6:7002")));
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), bind_six, &alone), EPERM);
	report = doctoring_look_at(path);
	doctoring_expect(report, "denied", "note",
			 "; allowed by now with IPV6_V6ONLY alone: it is not assigned for IPv4");
	run_remedy(doctoring_find(report, "denied"));
	json_decref(report);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), bind_six, &alone), 0);
	report = doctoring_look_at(path);
	doctoring_expect(report, "denied", "note", "; allowed by now: '7002' is assigned");
	/* Nothing is left to be done. */
	cr_expect(json_is_null(json_object_get(doctoring_find(report, "denied"), "remedy")));
	json_decref(report);
}

static int listen_unbound(void *context)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)context;
	return listen(fd, 1) < 0 ? errno : 0;
}

/* Allowing the port of one start would not help the next one. */
Test(doctor_cgroup, a_port_that_the_kernel_chose_is_not_to_be_assigned)
{
	json_t *report;
	const char *remedy;

	harness_attach(harness_cgroup(), "{'ports': [1]}");
	harness_in_cgroup(harness_cgroup(), listen_unbound, NULL);
	report = doctoring_look_at(cgfence_cgroup_path(harness_cgroup()));
	/* After that about the fence. */
	remedy = text_of(json_array_get(json_object_get(report, "checks"), 1), "remedy");
	assert_has(remedy, "have the process bind an assigned port");
	json_decref(report);
}

Test(doctor_cgroup, all_who_have_a_say_are_named)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "a b");
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int foreign = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "theirs", "GPL", program, 2, NULL);
	char above[512];
	json_t *report;

	cr_assert_geq(foreign, 0);
	cr_assert_eq(bpf_prog_attach(foreign, cgfence_cgroup_fd(child), BPF_CGROUP_DEVICE,
				     BPF_F_ALLOW_MULTI),
		     0);
	close(foreign);
	report = doctoring_look_at(cgfence_cgroup_path(child));
	doctoring_expect(report, "fence", "note", "has no fence");
	json_decref(report);
	harness_attach(harness_cgroup(), "{'enforce': false, 'devices': {}}");
	report = doctoring_look_at(cgfence_cgroup_path(child));
	snprintf(above, sizeof(above), "%s: policy without a name, audited only",
		 cgfence_cgroup_path(harness_cgroup()));
	doctoring_expect(report, "above", "note", above);
	cr_expect_null(doctoring_find(report, "fence"));
	doctoring_expect(report, "others", "note", "'theirs' on the device hook of ");
	assert_has(text_of(doctoring_find(report, "others"), "found"), ", since 20");
	assert_has(text_of(doctoring_find(report, "others"), "remedy"),
		   "/a b' device ENTRY asks it");
	json_decref(report);
}

/* Neither attach nor adopt takes that cgroup, nor one below. A name that begins with a period hides none. */
Test(doctor_cgroup, where_a_program_excludes_others_the_fence_goes_above)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), ".child");
	struct cgfence_cgroup *below = harness_child_cgroup(child, "below");
	int foreign = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "theirs", "GPL", program, 2, NULL);
	char remedy[512];
	json_t *report;

	cr_assert_geq(foreign, 0);
	cr_assert_eq(bpf_prog_attach(foreign, cgfence_cgroup_fd(child), BPF_CGROUP_DEVICE, 0), 0);
	close(foreign);
	snprintf(remedy, sizeof(remedy), "cgfence attach --standing %s POLICY.json",
		 cgfence_cgroup_path(child));
	report = doctoring_look_at(cgfence_cgroup_path(child));
	assert_has(text_of(doctoring_find(report, "fence"), "remedy"), remedy);
	assert_has(text_of(doctoring_find(report, "others"), "remedy"), "device ENTRY asks it");
	cr_expect_null(
		strstr(text_of(doctoring_find(report, "others"), "remedy"), "cgfence adopt"));
	json_decref(report);
	report = doctoring_look_at(cgfence_cgroup_path(below));
	assert_has(text_of(doctoring_find(report, "fence"), "remedy"), remedy);
	json_decref(report);
	report = doctoring_look_at_host(0);
	assert_has(text_of(doctoring_find(report, "others"), "remedy"), remedy);
	json_decref(report);
	assert_done(program_run(NULL, WORDS("attach", "--standing", cgfence_cgroup_path(child),
					    program_file("none.json", "{'devices': {}}"))));
	cr_expect_eq(harness_open(below, "c 1:3", O_RDONLY), EPERM);
}

Test(doctor_cgroup, refusals_that_are_not_shown_are_counted)
{
	json_t *report;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	for (int minor = 1; minor <= 7; minor++) {
		char device[16];

		snprintf(device, sizeof(device), "c 240:%d", minor);
		cr_assert_eq(harness_open(harness_cgroup(), device, O_RDONLY), EPERM);
	}
	report = doctoring_look_at(cgfence_cgroup_path(harness_cgroup()));
	doctoring_expect(report, "earlier", "note",
			 "2 more refusals are recorded, which are older");
	assert_has(text_of(doctoring_find(report, "earlier"), "remedy"), "cgfence denials /");
	json_decref(report);
}

/* Another test may fence it meanwhile. */
Test(doctor_cgroup, nobody_is_told_to_fence_the_root)
{
	json_t *report = doctoring_look_at("/");
	const json_t *finding = doctoring_find(report, "fence");

	if (finding && strstr(text_of(finding, "found"), "has no fence")) {
		cr_expect_str_eq(text_of(finding, "remedy"),
				 "fence the cgroups below that are to be fenced");
		cr_expect_null(strstr(text_of(finding, "found"), "above"));
	}
	json_decref(report);
}

Test(doctor_cgroup, a_cgroup_that_is_not_there_fails)
{
	assert_fails(program_run(NULL, WORDS("doctor", "/cgfence-none")), 1, "cgfence-none");
}
