// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What commands that were killed and cgroups that are gone left: each command removes some. */
#include "support/harness.h"
#include "support/syscalls.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(remains, .init = harness_begin, .fini = harness_end);

/* Each is one that a killed command left, of a cgroup that is gone. Return: how many there are. */
static unsigned int make_remains(unsigned int from, unsigned int to)
{
	char path[64];

	for (unsigned int i = from; i < to; i++) {
		snprintf(path, sizeof(path), "/sys/fs/bpf/cgfence/%u", 4000000000U + i);
		mkdir(path, 0700);
	}
	return to;
}

static void remove_remains(unsigned int count)
{
	char path[64];

	while (count--) {
		snprintf(path, sizeof(path), "/sys/fs/bpf/cgfence/%u", 4000000000U + count);
		rmdir(path);
	}
}

#define COMMANDS 25

static bool attach_and_detach(void *policy)
{
	enum cgfence_attach_result result;
	bool detached = true;

	for (int i = 0; i < COMMANDS && detached; i++)
		detached = cgfence_fence_attach(harness_cgroup(), policy, 0, &result, NULL) == 0 &&
			   cgfence_fence_detach(cgfence_cgroup_id(harness_cgroup()), &detached,
						NULL) == 0;
	return detached;
}

/* Among thousands most commands look at none and the others at so many more. */
Test(remains, what_commands_look_at_does_not_grow_with_the_fences)
{
	struct cgfence_policy *policy = harness_policy("{'devices': {'allow': []}}");
	struct stat before;
	struct stat after;
	unsigned int count;
	long beside_few;
	long beside_many;

	mkdir("/sys/fs/bpf/cgfence", 0700);
	count = make_remains(0, 200 + 2 * COMMANDS * 16);
	/* The first ones make what all share, and each removes 16 of the remains. */
	cr_assert(attach_and_detach(policy));
	beside_few = syscalls_count(attach_and_detach, policy);
	count = make_remains(count, 3000);
	cr_assert_eq(stat("/sys/fs/bpf/cgfence", &before), 0);
	beside_many = syscalls_count(attach_and_detach, policy);
	cr_assert_eq(stat("/sys/fs/bpf/cgfence", &after), 0);
	remove_remains(count);
	cgfence_policy_free(policy);
	cr_assert_gt(beside_few, 0);
	cr_expect_lt(beside_many, 2 * beside_few, "%ld calls beside few, %ld beside many",
		     beside_few, beside_many);
	/* Each directory is one more link to the one above. */
	cr_expect_lt(after.st_nlink, before.st_nlink, "nothing was removed");
}

/* Of a thread that has ended, as one of a command that was killed while it asked a program. */
static struct cgfence_cgroup *make_scratch(char name[64])
{
	struct cgfence_cgroup *root = NULL;
	struct cgfence_cgroup *scratch = NULL;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	snprintf(name, 64, "cgfence-scratch-%d-0", pid);
	cr_assert_eq(cgfence_cgroup_open("/", &root, NULL), 0);
	cr_assert_eq(cgfence_cgroup_create(root, name, &scratch, NULL), 0);
	cgfence_cgroup_close(root);
	return scratch;
}

static bool is_there(const char *name)
{
	struct cgfence_cgroup *root = NULL;
	bool found;

	cr_assert_eq(cgfence_cgroup_open("/", &root, NULL), 0);
	found = faccessat(cgfence_cgroup_fd(root), name, F_OK, 0) == 0;
	cgfence_cgroup_close(root);
	return found;
}

Test(remains, a_cgroup_for_trials_goes_with_the_next_sweep_unless_it_is_used)
{
	char name[64];
	struct cgfence_cgroup *scratch = make_scratch(name);

	/* As where the thread is in another PID namespace. */
	cr_assert_eq(flock(cgfence_cgroup_fd(scratch), LOCK_EX), 0);
	cgfence_fence_sweep();
	cr_expect(is_there(name));
	cgfence_cgroup_close(scratch);
	cgfence_fence_sweep_some();
	cr_expect(is_there(name));
	cgfence_fence_sweep();
	cr_expect_not(is_there(name));
}
