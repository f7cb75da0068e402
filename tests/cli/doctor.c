// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "doctoring.h"
#include "base/cleanup.h"
#include "support/harness.h"
#include "support/namespaces.h"
#include "support/sockets.h"

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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

TestSuite(doctor, .init = harness_begin, .fini = harness_end, .timeout = 600);

/* More than the types of any kernel take. */
#define TYPES_SIZE (64U << 20)

/* A fence then has the guard that it names. */
static void expect_guard(const json_t *report)
{
	struct cgfence_fence *fence = NULL;
	char guard[32];

	harness_attach(harness_cgroup(), "{'ports': [1], 'on_violation': 'kill'}");
	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(harness_cgroup()), &fence, NULL), 0);
	snprintf(guard, sizeof(guard), "(guard %s)",
		 cgfence_guard_name(cgfence_fence_listen_guard(fence)));
	assert_has(text_of(doctoring_find(report, "listen"), "found"), guard);
	cgfence_fence_close(fence);
}

Test(doctor, what_it_says_of_the_kernel_was_tried)
{
	json_t *report = doctoring_look_at_host(0);

	expect_keys(report, "fences_hold checks");
	cr_expect(json_is_true(json_object_get(report, "fences_hold")));
	expect_keys(doctoring_find(report, "devices"), "check state found remedy");
	doctoring_expect(report, "devices", "ok", "refused");
	doctoring_expect(report, "ports", "ok", "TCP and UDP");
	cr_assert(doctoring_find(report, "listen"));
	cr_expect_str_neq(text_of(doctoring_find(report, "listen"), "state"), "bad");
	cr_assert(doctoring_find(report, "standing"));
	cr_expect_str_neq(text_of(doctoring_find(report, "standing"), "state"), "bad");
	cr_assert(doctoring_find(report, "reconcile"));
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

	json_decref(doctoring_look_at_host(0));
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
	report = doctoring_look_at_host(1);
	cr_expect(json_is_false(json_object_get(report, "fences_hold")));
	doctoring_expect(report, "bpffs", "bad", "is not root's alone");
	json_decref(report);
}

Test(doctor, a_bpffs_that_takes_no_pins_is_bad)
{
	json_t *report;

	cr_assert_eq(mount(NULL, "/sys/fs/bpf", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	report = doctoring_look_at_host(1);
	cr_expect(json_is_false(json_object_get(report, "fences_hold")));
	doctoring_expect(report, "bpffs", "bad", "is mounted read-only here");
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
	json_t *report = doctoring_look_at_host(0);

	doctoring_expect(report, "watch", "note", "none is seen");
	json_decref(report);
	watching_start(&watching, LONG_INTERVAL);
	report = doctoring_look_at_host(0);
	snprintf(found, sizeof(found), "process %d watches this host", (int)watching.program.pid);
	doctoring_expect(report, "watch", "ok", found);
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
		sockets_skip("this kernel does not tell its types");
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
	json_t *report = doctoring_look_at_host(0);

	if (strcmp(text_of(doctoring_find(report, "listen"), "state"), "ok") == 0)
		sockets_skip("this kernel lets listen(2) fail");
	cr_expect_null(strstr(text_of(doctoring_find(report, "listen"), "remedy"),
			      "which this one lacks"));
	json_decref(report);
	hide_function("bpf_lsm_socket_listen");
	report = doctoring_look_at_host(0);
	assert_has(text_of(doctoring_find(report, "listen"), "remedy"),
		   "CONFIG_BPF_LSM, which this one lacks");
	json_decref(report);
}

/* The setting of the JIT is shown in the first network namespace alone. */
Test(doctor, a_kernel_without_a_jit_is_told)
{
	json_t *report;

	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	report = doctoring_look_at_host(0);
	cr_expect_null(doctoring_find(report, "jit"));
	json_decref(report);
	hide_function("bpf_jit_binary_alloc");
	report = doctoring_look_at_host(0);
	doctoring_expect(report, "jit", "note", "interpreted");
	json_decref(report);
}

/* That would take a fence away with which nothing is wrong. */
Test(doctor, want_of_privilege_is_no_reason_to_detach)
{
	const struct program_options options = { .by_words = true };
	struct program_result result;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	result = program_run(&options, WORDS("setpriv", "--bounding-set=-dac_read_search",
					     "--inh-caps=-all", program_path(), "doctor"));
	assert_status(result, 1);
	assert_has(result.output, "bad\tfences\tcannot open the cgroup");
	assert_has(result.output, "CAP_DAC_READ_SEARCH\trun doctor with the privilege");
	assert_lacks(result.output, "detach it");
}

/* Without a descriptor to close it by, that takes a capability, and not another kernel. */
Test(doctor, a_listener_that_was_found_is_not_said_to_be_missed)
{
	const struct program_options options = { .by_words = true };
	struct program_result whole = program_run(NULL, WORDS("doctor"));
	struct program_result result =
		program_run(&options, WORDS("setpriv", "--bounding-set=-net_admin",
					    "--inh-caps=-all", program_path(), "doctor"));

	if (strstr(whole.output, "\tin_flight\t"))
		cr_skip_test("this kernel does not find one, or does not close it");
	assert_status(result, 0);
	assert_has(result.output, "without CAP_NET_ADMIN");
	assert_lacks(result.output, "takes no programs that look into them");
}
