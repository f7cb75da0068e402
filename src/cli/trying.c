// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/trying.h"
#include "report/handles.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int trying_in_child(const struct cgfence_cgroup *cgroup, int (*function)(void *context),
		    void *context)
{
	pid_t child = -1;
	int status;

	if (cgfence_cgroup_fork(cgroup, 0, &child, NULL))
		return TRY_NOT_MADE;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(function(context));
	}
	while (waitpid(child, &status, __WALL) < 0) {
		if (errno != EINTR)
			return TRY_NOT_MADE;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : TRY_KILLED;
}

int trying_settle(int result, struct cgfence_error *error)
{
	if (result == 0)
		*error = (struct cgfence_error){ 0 };
	return result;
}

int trying_attach(const struct cgfence_cgroup *cgroup, const char *policy,
		  struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *parsed = NULL;
	enum cgfence_attach_result done;
	int result = cgfence_policy_parse(policy, strlen(policy), "trial", &parsed, error);

	if (result == 0)
		result = cgfence_fence_attach(cgroup, parsed, 0, &done, error);
	return trying_settle(result, error);
}
