// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fences that are pinned in another bpffs, as where a tool mounted one over that of the host. */
#include "support/fences.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <cgfence/foreign.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(hidden, .init = harness_begin, .fini = harness_end);

#define POINT "/sys/fs/bpf"
#define BOTH "{'devices': {'allow': ['c 1:3 r']}, 'ports': [8080]}"
#define PORTS "{'ports': [8080]}"

static void hide(void)
{
	cr_assert_eq(mount("bpf", POINT, "bpf", 0, "mode=0700"), 0, "%s", strerror(errno));
}

static void assert_hidden(int code, const struct cgfence_error *error)
{
	cr_expect_eq(code, -EBUSY, "%d %s", code, error->text);
	cr_expect(strstr(error->text, "is not visible here"), "%s", error->text);
}

static void assert_told(void)
{
	struct cgfence_error error = { 0 };
	struct cgfence_edit *edit = NULL;
	bool changed;

	assert_hidden(cgfence_fence_check_hidden(harness_cgroup(), &error), &error);
	assert_hidden(fences_attach(harness_cgroup(), BOTH, NULL, &error), &error);
	cr_assert_eq(cgfence_edit_parse_device(CGFENCE_ALLOW, "c 1:5 r", &edit, NULL), 0);
	assert_hidden(cgfence_fence_edit(harness_cgroup(), edit, &changed, &error), &error);
	cgfence_edit_free(edit);
}

Test(hidden, nothing_is_stacked_on_one)
{
	size_t count = 0;

	harness_attach(harness_cgroup(), BOTH);
	hide();
	assert_told();
	cr_expect_eq(fences_count_programs(harness_cgroup(), BPF_CGROUP_DEVICE), 1);
	cr_assert_eq(cgfence_fence_count_hidden(&count, NULL), 0);
	cr_expect_geq(count, 1);
	cr_assert_eq(umount2(POINT, 0), 0);
	cr_expect_eq(cgfence_fence_check_hidden(harness_cgroup(), NULL), 0);
	cr_expect_eq(harness_attach(harness_cgroup(), BOTH), CGFENCE_UNCHANGED);
}

Test(hidden, one_of_ports_is_known_too)
{
	harness_attach(harness_cgroup(), PORTS);
	hide();
	assert_told();
	cr_assert_eq(umount2(POINT, 0), 0);
}

Test(hidden, where_there_is_no_bpffs_every_fence_is)
{
	struct cgfence_error error = { 0 };
	struct cgfence_edit *edit = NULL;
	bool changed;

	harness_attach(harness_cgroup(), BOTH);
	cr_assert_eq(mount("tmpfs", POINT, "tmpfs", 0, NULL), 0);
	assert_hidden(cgfence_fence_check_hidden(harness_cgroup(), &error), &error);
	cr_assert_eq(cgfence_edit_parse_device(CGFENCE_ALLOW, "c 1:5 r", &edit, NULL), 0);
	assert_hidden(cgfence_fence_edit(harness_cgroup(), edit, &changed, &error), &error);
	cgfence_edit_free(edit);
	cr_assert_eq(umount2(POINT, 0), 0);
}

Test(hidden, one_above_is_told_from_programs_of_others)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	struct cgfence_foreign_program *programs = NULL;
	struct cgfence_error error = { 0 };
	size_t count = 0;

	harness_attach(harness_cgroup(), BOTH);
	hide();
	/* It is not on the child. */
	cr_expect_eq(cgfence_fence_check_hidden(child, &error), 0, "%s", error.text);
	cr_assert_eq(cgfence_fence_list_foreign(child, CGFENCE_TOPIC_DEVICES, &programs, &count,
						NULL),
		     0);
	cr_assert_eq(count, 1);
	cr_expect(programs[0].hidden);
	cr_expect_eq(programs[0].above, 1);
	free(programs);
	harness_attach(child, BOTH);
	cr_assert_eq(umount2(POINT, 0), 0);
}

static bool waits_for_lock(pid_t process)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256];
	bool waits = false;
	int pid;

	cr_assert(locks);
	while (!waits && fgets(line, sizeof(line), locks))
		waits = sscanf(line, "%*d: -> FLOCK ADVISORY WRITE %d", &pid) == 1 &&
			pid == process;
	fclose(locks);
	return waits;
}

/* As a command that has attached its program, and has yet to pin the link, holds the lock. */
Test(hidden, one_that_another_command_makes_is_not)
{
	char directory[64];
	char pin[80];
	int status = 0;
	pid_t checker;
	int link;
	int lock;

	harness_attach(harness_cgroup(), "{'devices': {}}");
	snprintf(directory, sizeof(directory), POINT "/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(harness_cgroup()));
	snprintf(pin, sizeof(pin), "%s/device", directory);
	lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(lock, 0);
	cr_assert_eq(flock(lock, LOCK_EX), 0);
	link = bpf_obj_get(pin);
	cr_assert_geq(link, 0);
	cr_assert_eq(unlink(pin), 0);
	checker = harness_fork();
	if (checker == 0) {
		/* A lock of this process would be that of its parent. */
		close(lock);
		_exit(-cgfence_fence_check_hidden(harness_cgroup(), NULL));
	}
	while (waitpid(checker, &status, WNOHANG) == 0 && !waits_for_lock(checker))
		usleep(1000);
	cr_assert_eq(bpf_obj_pin(link, pin), 0);
	cr_assert_eq(flock(lock, LOCK_UN), 0);
	/* Already reaped if it did not wait. */
	waitpid(checker, &status, 0);
	cr_expect_eq(WEXITSTATUS(status), 0);
	close(link);
	close(lock);
}
