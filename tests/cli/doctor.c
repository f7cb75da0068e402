// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "program.h"
#include "watching.h"
#include "base/cleanup.h"
#include "support/children.h"
#include "support/harness.h"
#include "support/namespaces.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <cgfence/trial.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

TestSuite(doctor, .init = harness_begin, .fini = harness_end, .timeout = 600);

/* More than the types of any kernel take. */
#define TYPES_SIZE (64U << 20)

/* The first finding of a check; NULL if there is none. It lives as long as @report. */
static const json_t *find(const json_t *report, const char *check)
{
	const json_t *checks = json_object_get(report, "checks");

	cr_assert(json_is_array(checks));
	for (size_t i = 0; i < json_array_size(checks); i++) {
		if (strcmp(text_of(json_array_get(checks, i), "check"), check) == 0)
			return json_array_get(checks, i);
	}
	return NULL;
}

static void expect(const json_t *report, const char *check, const char *state, const char *part)
{
	const json_t *found = find(report, check);

	cr_assert(found, "there is no check %s", check);
	cr_expect_str_eq(text_of(found, "state"), state, "%s: %s", check, text_of(found, "found"));
	assert_has(text_of(found, "found"), part);
}

/* What the one about this host says, to be given to json_decref(). */
static json_t *look_at_host(int status)
{
	struct program_result result = program_run(NULL, WORDS("doctor", "--json"));

	assert_status(result, status);
	cr_expect_str_eq(result.errors, "");
	return program_json(&result);
}

static json_t *look_at(const char *name)
{
	struct program_result result = program_run(NULL, WORDS("doctor", "--json", name));

	assert_done(result);
	return program_json(&result);
}

/* A fence then has the guard that it names. */
static void expect_guard(const json_t *report)
{
	struct cgfence_fence *fence = NULL;
	char guard[32];

	harness_attach(harness_cgroup(), "{'ports': [1], 'on_violation': 'kill'}");
	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(harness_cgroup()), &fence, NULL), 0);
	snprintf(guard, sizeof(guard), "(guard %s)",
		 cgfence_guard_name(cgfence_fence_listen_guard(fence)));
	assert_has(text_of(find(report, "listen"), "found"), guard);
	cgfence_fence_close(fence);
}

Test(doctor, what_it_says_of_the_kernel_was_tried)
{
	json_t *report = look_at_host(0);

	expect_keys(report, "fences_hold checks");
	cr_expect(json_is_true(json_object_get(report, "fences_hold")));
	expect_keys(find(report, "devices"), "check state found remedy");
	expect(report, "devices", "ok", "refused");
	expect(report, "ports", "ok", "TCP and UDP");
	cr_assert(find(report, "listen"));
	cr_expect_str_neq(text_of(find(report, "listen"), "state"), "bad");
	cr_assert(find(report, "standing"));
	cr_expect_str_neq(text_of(find(report, "standing"), "state"), "bad");
	cr_assert(find(report, "reconcile"));
	expect_guard(report);
	json_decref(report);
}

static size_t count_entries(const char *path, const char *beginning)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	while (directory && (entry = readdir(directory)))
		count += strncmp(entry->d_name, beginning, strlen(beginning)) == 0;
	if (directory)
		closedir(directory);
	return count;
}

static size_t count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t count = 0;
	int byte;

	cr_assert(file);
	while ((byte = getc(file)) != EOF)
		count += byte == '\n';
	fclose(file);
	return count;
}

/* The tries leave no pin in the bpffs that is here, and nothing of them can be seen. */
Test(doctor, it_changes_nothing)
{
	size_t mounts = count_lines("/proc/self/mountinfo");

	json_decref(look_at_host(0));
	cr_expect_eq(count_entries("/sys/fs/bpf", "cgfence"), 0);
	cr_expect_eq(count_lines("/proc/self/mountinfo"), mounts);
}

static int count_scratch(const char *name, pid_t pid)
{
	struct cgfence_cgroup *root = NULL;
	char begin[64];
	char path[64];
	int found;

	snprintf(begin, sizeof(begin), "%s%d-", name, (int)pid);
	cr_assert_eq(cgfence_cgroup_open("/", &root, NULL), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", cgfence_cgroup_fd(root));
	found = (int)count_entries(path, begin);
	cgfence_cgroup_close(root);
	return found;
}

static void make_trial(const struct cgfence_cgroup *cgroup, void *context)
{
	pid_t child = -1;

	(void)cgroup;
	*(pid_t *)context = (pid_t)syscall(SYS_gettid);
	cr_assert_eq(cgfence_cgroup_fork(cgroup, 0, &child, NULL), 0);
	if (child == 0)
		for (;;)
			pause();
	harness_attach(cgroup, "{'devices': {}}");
}

Test(doctor, a_trial_ends_with_its_cgroup_and_its_processes)
{
	pid_t thread = 0;
	size_t count = 1;
	uint64_t *ids = NULL;

	cr_assert_eq(cgfence_trial_run(make_trial, &thread, NULL), 0);
	cr_assert_gt(thread, 0);
	cr_expect_eq(count_scratch("cgfence-scratch-", thread), 0);
	cr_assert_eq(cgfence_fence_list(&ids, &count, NULL), 0);
	cr_expect_eq(count, 0);
	free(ids);
}

Test(doctor, without_privilege_it_says_which_is_missing)
{
	const struct program_options options = { .without_admin = true };
	struct program_result result = program_run(&options, WORDS("doctor"));

	assert_status(result, 1);
	assert_has(result.output, "bad\tprivilege\tCAP_SYS_ADMIN is missing");
	assert_lacks(result.output, "\nok\tdevices");
	assert_fails(program_run(&options, WORDS("doctor", "/")), 1, "CAP_SYS_ADMIN");
}

/* A host on which the kernel takes no programs. */
Test(doctor, a_kernel_that_takes_no_programs_is_bad)
{
	const struct program_options options = { .failing_call = SYS_bpf, .failing_errno = EPERM };
	struct program_result result = program_run(&options, WORDS("doctor"));

	assert_status(result, 1);
	assert_has(result.output, "\nbad\tfence\tno fence can be made: ");
	assert_has(result.output, "cgfence-troubleshooting(7)");
}

Test(doctor, pins_that_others_could_take_away_are_bad)
{
	json_t *report;

	cr_assert_eq(mkdir("/sys/fs/bpf/cgfence", 0777), 0);
	cr_assert_eq(chmod("/sys/fs/bpf/cgfence", 0777), 0);
	report = look_at_host(1);
	cr_expect(json_is_false(json_object_get(report, "fences_hold")));
	expect(report, "bpffs", "bad", "is not root's alone");
	json_decref(report);
}

Test(doctor, a_bpffs_that_takes_no_pins_is_bad)
{
	json_t *report;

	cr_assert_eq(mount(NULL, "/sys/fs/bpf", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	report = look_at_host(1);
	cr_expect(json_is_false(json_object_get(report, "fences_hold")));
	expect(report, "bpffs", "bad", "is mounted read-only here");
	json_decref(report);
	mount(NULL, "/sys/fs/bpf", NULL, MS_REMOUNT | MS_BIND, NULL);
}

/* Root of a user namespace has all capabilities, which are good for nothing here. */
Test(doctor, capabilities_of_a_user_namespace_are_bad)
{
	struct program_result result;

	if (!namespaces_has_users())
		harness_skip("no user namespace can be made in a chroot");
	result = program_run(&(struct program_options){ .by_words = true },
			     WORDS("unshare", "-U", "-r", program_path(), "doctor"));
	assert_status(result, 1);
	assert_has(result.output,
		   "bad\tprivilege\tthe capabilities of this process are those of a user");
}

Test(doctor, a_watch_is_seen)
{
	struct watching watching;
	char found[64];
	json_t *report = look_at_host(0);

	expect(report, "watch", "note", "none is seen");
	json_decref(report);
	watching_start(&watching, LONG_INTERVAL);
	report = look_at_host(0);
	snprintf(found, sizeof(found), "process %d watches this host", (int)watching.program.pid);
	expect(report, "watch", "ok", found);
	json_decref(report);
	watching_stop(&watching);
}

Test(doctor, it_fits_a_terminal)
{
	const struct program_options options = { .terminal = true, .columns = 80 };
	struct program_result result = program_run(&options, WORDS("doctor"));
	char *save = NULL;

	assert_status(result, 0);
	for (char *line = strtok_r(result.output, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save))
		cr_expect_leq(strlen(line), 80, "'%s'", line);
}

/* Shows this process a kernel that is built without a function: its types lack the name. */
static void hide_function(const char *name)
{
	static const char types[] = "/sys/kernel/btf/vmlinux";
	char path[] = "/tmp/cgfence-types-XXXXXX";
	int from = open(types, O_RDONLY | O_CLOEXEC);
	int to = mkostemp(path, O_CLOEXEC);
	cleanup_free char *bytes = malloc(TYPES_SIZE);
	size_t length = 0;
	ssize_t count;
	char *found;

	if (from < 0)
		cr_skip_test("this kernel does not tell its types");
	cr_assert(to >= 0 && bytes);
	while ((count = read(from, bytes + length, TYPES_SIZE - length)) > 0)
		length += (size_t)count;
	found = memmem(bytes, length, name, strlen(name) + 1);
	if (found)
		*found = '_';
	cr_assert_eq(write(to, bytes, length), (ssize_t)length);
	close(from);
	close(to);
	cr_assert_eq(mount(path, types, NULL, MS_BIND, NULL), 0, "%s", strerror(errno));
	unlink(path);
}

/* On a kernel without the BPF LSM nobody is sent to the kernel's command line. */
Test(doctor, what_the_kernel_was_built_without_needs_another_kernel)
{
	json_t *report = look_at_host(0);

	if (strcmp(text_of(find(report, "listen"), "state"), "ok") == 0)
		cr_skip_test("this kernel lets listen(2) fail");
	cr_expect_null(strstr(text_of(find(report, "listen"), "remedy"), "which this one lacks"));
	json_decref(report);
	hide_function("bpf_lsm_socket_listen");
	report = look_at_host(0);
	assert_has(text_of(find(report, "listen"), "remedy"),
		   "CONFIG_BPF_LSM, which this one lacks");
	json_decref(report);
}

/* The setting of the JIT is shown in the first network namespace alone. */
Test(doctor, a_kernel_without_a_jit_is_told)
{
	json_t *report;

	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	report = look_at_host(0);
	cr_expect_null(find(report, "jit"));
	json_decref(report);
	hide_function("bpf_jit_binary_alloc");
	report = look_at_host(0);
	expect(report, "jit", "note", "interpreted");
	json_decref(report);
}

/* ---- one cgroup ---- */

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

Test(doctor, a_refusal_comes_with_the_command_that_allows_it)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	json_t *report;

	harness_attach(harness_cgroup(), "{'name': 'web', 'devices': {}, 'ports': [1]}");
	cr_assert_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), EPERM);
	report = look_at(path);
	expect_keys(report, "cgroup checks");
	cr_expect_str_eq(text_of(report, "cgroup"), path);
	expect(report, "fence", "ok", ": policy web, enforced, since 20");
	expect(report, "denied", "note", "device c 1:3 r to ");
	run_remedy(find(report, "denied"));
	json_decref(report);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_RDONLY), 0);
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), refused_bind, NULL), EPERM);
	report = look_at(path);
	expect(report, "denied", "note", "bind tcp ipv4:7001 to ");
	run_remedy(find(report, "denied"));
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

Test(doctor, a_socket_of_ipv6_may_have_wanted_the_port_for_both_families)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	int alone = false;
	json_t *report;

	harness_attach(harness_cgroup(), "{'ports': [1]}");
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), bind_six, &alone), EPERM);
	assert_done(program_run(NULL, WORDS("allow", path, "port", "tcp", "ipv6:7002")));
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), bind_six, &alone), EPERM);
	report = look_at(path);
	expect(report, "denied", "note",
	       "; allowed by now with IPV6_V6ONLY alone: it is not assigned for IPv4");
	run_remedy(find(report, "denied"));
	json_decref(report);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), bind_six, &alone), 0);
	report = look_at(path);
	expect(report, "denied", "note", "; allowed by now: '7002' is assigned");
	/* Nothing is left to be done. */
	cr_expect(json_is_null(json_object_get(find(report, "denied"), "remedy")));
	json_decref(report);
}

static int listen_unbound(void *context)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)context;
	return listen(fd, 1) < 0 ? errno : 0;
}

/* Allowing the port of one start would not help the next one. */
Test(doctor, a_port_that_the_kernel_chose_is_not_to_be_assigned)
{
	json_t *report;
	const char *remedy;

	harness_attach(harness_cgroup(), "{'ports': [1]}");
	harness_in_cgroup(harness_cgroup(), listen_unbound, NULL);
	report = look_at(cgfence_cgroup_path(harness_cgroup()));
	/* After that about the fence. */
	remedy = text_of(json_array_get(json_object_get(report, "checks"), 1), "remedy");
	assert_has(remedy, "have the process bind an assigned port");
	json_decref(report);
}

Test(doctor, all_who_have_a_say_are_named)
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
	report = look_at(cgfence_cgroup_path(child));
	expect(report, "fence", "note", "has no fence");
	json_decref(report);
	harness_attach(harness_cgroup(), "{'enforce': false, 'devices': {}}");
	report = look_at(cgfence_cgroup_path(child));
	snprintf(above, sizeof(above), "%s: policy without a name, audited only",
		 cgfence_cgroup_path(harness_cgroup()));
	expect(report, "above", "note", above);
	cr_expect_null(find(report, "fence"));
	expect(report, "others", "note", "'theirs' on the device hook of ");
	assert_has(text_of(find(report, "others"), "found"), ", since 20");
	assert_has(text_of(find(report, "others"), "remedy"), "/a b' device ENTRY asks it");
	json_decref(report);
}

/* Neither attach nor adopt takes that cgroup, nor one below. A name that begins with a period hides none. */
Test(doctor, where_a_program_excludes_others_the_fence_goes_above)
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
	report = look_at(cgfence_cgroup_path(child));
	assert_has(text_of(find(report, "fence"), "remedy"), remedy);
	assert_has(text_of(find(report, "others"), "remedy"), "device ENTRY asks it");
	cr_expect_null(strstr(text_of(find(report, "others"), "remedy"), "cgfence adopt"));
	json_decref(report);
	report = look_at(cgfence_cgroup_path(below));
	assert_has(text_of(find(report, "fence"), "remedy"), remedy);
	json_decref(report);
	report = look_at_host(0);
	assert_has(text_of(find(report, "others"), "remedy"), remedy);
	json_decref(report);
	assert_done(program_run(NULL, WORDS("attach", "--standing", cgfence_cgroup_path(child),
					    program_file("none.json", "{'devices': {}}"))));
	cr_expect_eq(harness_open(below, "c 1:3", O_RDONLY), EPERM);
}

Test(doctor, refusals_that_are_not_shown_are_counted)
{
	json_t *report;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	for (int minor = 1; minor <= 7; minor++) {
		char device[16];

		snprintf(device, sizeof(device), "c 240:%d", minor);
		cr_assert_eq(harness_open(harness_cgroup(), device, O_RDONLY), EPERM);
	}
	report = look_at(cgfence_cgroup_path(harness_cgroup()));
	expect(report, "earlier", "note", "2 more refusals are recorded, which are older");
	assert_has(text_of(find(report, "earlier"), "remedy"), "cgfence denials /");
	json_decref(report);
}

/* Another test may fence it meanwhile. */
Test(doctor, nobody_is_told_to_fence_the_root)
{
	json_t *report = look_at("/");
	const json_t *finding = find(report, "fence");

	if (finding && strstr(text_of(finding, "found"), "has no fence")) {
		cr_expect_str_eq(text_of(finding, "remedy"),
				 "fence the cgroups below that are to be fenced");
		cr_expect_null(strstr(text_of(finding, "found"), "above"));
	}
	json_decref(report);
}

Test(doctor, a_cgroup_that_is_not_there_fails)
{
	assert_fails(program_run(NULL, WORDS("doctor", "/cgfence-none")), 1, "cgfence-none");
}
