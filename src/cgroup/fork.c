// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"
#include "cgroup/type.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int explain(const struct cgfence_cgroup *cgroup, int code, struct cgfence_error *error)
{
	char type[CGROUP_TYPE_SIZE];

	if (code == EOPNOTSUPP) {
		cgroup_type_read(cgfence_cgroup_fd(cgroup), type);
		return error_set(
			error, code,
			"cannot start a process in the cgroup %s: its cgroup.type is '%s', which holds none; it takes 'domain', or 'threaded' below the cgroup of the caller",
			cgfence_cgroup_path(cgroup), type);
	}
	return error_set(error, code, "cannot start a process in the cgroup %s: %s",
			 cgfence_cgroup_path(cgroup),
			 code == ENOSYS ? "this kernel has no clone3(2)" : strerror(code));
}

/* clone(2): CLONE_INTO_CGROUP, Linux 5.7; glibc has no wrapper. */
int cgfence_cgroup_fork(const struct cgfence_cgroup *cgroup, int exit_signal, pid_t *child,
			struct cgfence_error *error)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = (uint64_t)exit_signal,
		.cgroup = (uint64_t)cgfence_cgroup_fd(cgroup),
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid < 0)
		return explain(cgroup, errno, error);
	*child = pid;
	return 0;
}
