// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Processes that start in a cgroup. */
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(cgroup_fork, .init = harness_begin, .fini = harness_end);

static void write_type(const struct cgfence_cgroup *cgroup, const char *type)
{
	int fd = openat(cgfence_cgroup_fd(cgroup), "cgroup.type", O_WRONLY | O_CLOEXEC);

	cr_assert(fd >= 0 && write(fd, type, strlen(type)) == (ssize_t)strlen(type), "%s",
		  strerror(errno));
	close(fd);
}

static bool has_type(const struct cgfence_cgroup *cgroup, const char *type)
{
	int fd = openat(cgfence_cgroup_fd(cgroup), "cgroup.type", O_RDONLY | O_CLOEXEC);
	char text[64] = "";

	cr_assert(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return strncmp(text, type, strlen(type)) == 0 && text[strlen(type)] == '\n';
}

static bool is_in(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_cgroup *own = NULL;
	bool same = cgfence_cgroup_open("pid:self", &own, NULL) == 0 &&
		    cgfence_cgroup_id(own) == cgfence_cgroup_id(cgroup);

	cgfence_cgroup_close(own);
	return same;
}

/* Starts a child that exits with 7 if it is in the cgroup. */
static int fork_in(const struct cgfence_cgroup *cgroup, pid_t *child, struct cgfence_error *error)
{
	int result = cgfence_cgroup_fork(cgroup, 0, child, error);

	if (result == 0 && *child == 0)
		_exit(is_in(cgroup) ? 7 : 1);
	return result;
}

Test(cgroup_fork, the_child_is_in_the_cgroup)
{
	struct cgfence_error error = { 0 };
	pid_t child = -1;
	int status;

	cr_assert_eq(fork_in(harness_cgroup(), &child, &error), 0, "%s", error.text);
	cr_assert_eq(waitpid(child, &status, __WALL), child);
	cr_assert_eq(WEXITSTATUS(status), 7);
}

Test(cgroup_fork, a_new_cgroup_of_a_thread_root_holds_processes)
{
	struct cgfence_cgroup *root = harness_child_cgroup(harness_cgroup(), "root");
	struct cgfence_error error = { 0 };
	struct cgfence_cgroup *made;
	pid_t child = -1;
	int status;

	write_type(harness_child_cgroup(root, "threads"), "threaded");
	made = harness_child_cgroup(root, "made");
	cr_assert(has_type(made, "threaded"));
	cr_assert_eq(fork_in(made, &child, &error), 0, "%s", error.text);
	cr_assert_eq(waitpid(child, &status, __WALL), child);
	cr_assert_eq(WEXITSTATUS(status), 7);
	cr_assert(has_type(harness_child_cgroup(harness_cgroup(), "plain"), "domain"));
}

Test(cgroup_fork, a_cgroup_that_holds_none_is_named_with_its_type)
{
	struct cgfence_cgroup *root = harness_child_cgroup(harness_cgroup(), "root");
	struct cgfence_cgroup *before = harness_child_cgroup(root, "before");
	struct cgfence_error error = { 0 };
	pid_t child = -1;

	write_type(harness_child_cgroup(root, "threads"), "threaded");
	cr_assert_eq(fork_in(before, &child, &error), -EOPNOTSUPP);
	cr_assert_eq(child, -1);
	cr_assert(strstr(error.text, "/root/before: its cgroup.type is 'domain invalid'"), "%s",
		  error.text);
}
