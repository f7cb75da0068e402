// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The bpffs that keeps the fences: where it is mounted, and who else can write in it. */
#include "support/children.h"
#include "support/fences.h"
#include "support/harness.h"

#include <cgfence/watch.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

TestSuite(bpffs, .init = harness_begin, .fini = harness_end);

#define POINT "/sys/fs/bpf"
#define ROOT POINT "/cgfence"
#define POLICY "{'devices': {'allow': ['c 1:3 r']}}"
#define SOMEBODY 65534

static bool is_mounted(void)
{
	struct statfs status;

	return statfs(POINT, &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

static void take_bpffs_away(void)
{
	cr_assert_eq(umount2(POINT, MNT_DETACH), 0);
	cr_assert_eq(mount("tmpfs", POINT, "tmpfs", 0, NULL), 0);
}

Test(bpffs, none_is_mounted_that_would_end_with_this_namespace)
{
	struct cgfence_error error = { 0 };

	take_bpffs_away();
	cr_expect_eq(fences_attach(harness_cgroup(), POLICY, NULL, &error), -EPERM);
	cr_expect(strstr(error.text, "would end with this mount namespace"), "%s", error.text);
	cr_expect(strstr(error.text, "--private"), "%s", error.text);
	cr_expect_eq(cgfence_bpffs_check(NULL), -EPERM);
	cr_expect_eq(cgfence_bpffs_mount(0, NULL), -EPERM);
	cr_expect_not(is_mounted());
	cr_expect_eq(fences_count_programs(harness_cgroup(), BPF_CGROUP_DEVICE), 0);
}

Test(bpffs, one_for_this_namespace_is_mounted_for_root_alone)
{
	struct stat status;

	take_bpffs_away();
	cr_assert_eq(cgfence_bpffs_mount(CGFENCE_BPFFS_PRIVATE, NULL), 0);
	cr_assert(is_mounted());
	cr_assert_eq(stat(POINT, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0700, "%o", status.st_mode);
	cr_expect(cgfence_bpffs_is_private());
	harness_attach(harness_cgroup(), POLICY);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:3", O_WRONLY), EPERM);
}

/* What others can do to a directory, and what undoes it. */
struct meddling {
	const char *path; /* %llu is the id of the cgroup */
	uid_t owner;
	mode_t mode;
};

static void assert_refused(const char *path, int code, const struct cgfence_error *error)
{
	cr_expect_eq(code, -EPERM, "%s: %d %s", path, code, error->text);
	cr_expect(strstr(error->text, path) && strstr(error->text, "is not root's alone"),
		  "%s: '%s'", path, error->text);
}

static void assert_all_refuse(const char *path)
{
	uint64_t id = cgfence_cgroup_id(harness_cgroup());
	struct cgfence_edit *edit = NULL;
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	bool done = false;

	assert_refused(path, fences_attach(harness_cgroup(), POLICY, NULL, &error), &error);
	cr_assert_eq(cgfence_edit_parse_device(CGFENCE_ALLOW, "c 1:5 r", &edit, NULL), 0);
	assert_refused(path, cgfence_fence_edit(harness_cgroup(), edit, &done, &error), &error);
	cgfence_edit_free(edit);
	assert_refused(path, cgfence_fence_detach(id, &done, &error), &error);
	if (strcmp(path, POINT) != 0)
		assert_refused(path, cgfence_fence_open(id, &fence, &error), &error);
}

Test(bpffs, a_directory_of_pins_that_is_not_roots_alone_is_refused_by_name)
{
	static const struct meddling meddlings[] = {
		{ ROOT, SOMEBODY, 0700 },	  { ROOT, 0, 0777 },	     { ROOT, 0, 0720 },
		{ ROOT "/%llu", SOMEBODY, 0700 }, { ROOT "/%llu", 0, 0702 }, { POINT, 0, 0777 },
		{ POINT, SOMEBODY, 0700 },
	};

	harness_attach(harness_cgroup(), POLICY);
	for (size_t i = 0; i < sizeof(meddlings) / sizeof(meddlings[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), meddlings[i].path,
			 (unsigned long long)cgfence_cgroup_id(harness_cgroup()));
		cr_assert_eq(chown(path, meddlings[i].owner, 0), 0);
		cr_assert_eq(chmod(path, meddlings[i].mode), 0);
		assert_all_refuse(path);
		cr_assert_eq(chmod(path, 0700), 0);
		cr_assert_eq(chown(path, 0, 0), 0);
		cr_expect_eq(harness_attach(harness_cgroup(), POLICY), CGFENCE_UNCHANGED);
	}
}

static int make_first(void *argument)
{
	return setgid(SOMEBODY) || setuid(SOMEBODY) || mkdir(argument, 0777) ? errno : 0;
}

Test(bpffs, what_somebody_made_first_is_refused)
{
	struct cgfence_error error = { 0 };
	uint64_t *ids = NULL;
	size_t count = 0;
	int lock;
	pid_t first;

	/* As 'mount -t bpf' without options makes it. */
	cr_assert_eq(chmod(POINT, 01777), 0);
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), make_first, (void *)ROOT), 0);
	assert_refused(ROOT, fences_attach(harness_cgroup(), POLICY, NULL, &error), &error);
	assert_refused(ROOT, cgfence_fence_list(&ids, &count, &error), &error);
	assert_refused(ROOT, cgfence_watch_lock(&lock, &first, &error), &error);
	cr_expect_eq(fences_count_programs(harness_cgroup(), BPF_CGROUP_DEVICE), 0);
	cr_assert_eq(rmdir(ROOT), 0);
	/* A link leads to what somebody may replace. */
	cr_assert_eq(symlink(POINT "/other", ROOT), 0);
	assert_refused(ROOT, fences_attach(harness_cgroup(), POLICY, NULL, &error), &error);
	cr_assert_eq(unlink(ROOT), 0);
	harness_attach(harness_cgroup(), POLICY);
}

static int try_to_open(void *argument)
{
	return setgid(SOMEBODY) || setuid(SOMEBODY) ||
			       open(argument, O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0
		       ? errno
		       : 0;
}

Test(bpffs, nobody_else_can_open_what_commands_lock)
{
	struct cgfence_error error = { 0 };
	char path[64];
	pid_t first = 0;
	int lock;

	cr_assert_eq(chmod(POINT, 01777), 0);
	harness_attach(harness_cgroup(), POLICY);
	cr_assert_eq(cgfence_watch_lock(&lock, &first, &error), 0, "%s", error.text);
	cgfence_watch_unlock(lock);
	/* Even if an administrator lets others look into the directory of all fences. */
	cr_assert_eq(chmod(ROOT, 0755), 0);
	snprintf(path, sizeof(path), ROOT "/%llu",
		 (unsigned long long)cgfence_cgroup_id(harness_cgroup()));
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), try_to_open, path), EACCES);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), try_to_open, (void *)(ROOT "/watch")),
		     EACCES);
	/* One that they could lock is refused. */
	cr_assert_eq(chmod(path, 0755), 0);
	assert_refused(path, fences_attach(harness_cgroup(), POLICY, NULL, &error), &error);
	cr_assert_eq(chmod(ROOT "/watch", 0755), 0);
	assert_refused(ROOT "/watch", cgfence_watch_lock(&lock, &first, &error), &error);
	cr_assert_eq(chmod(path, 0700), 0);
}
