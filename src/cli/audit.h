/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A command that runs under the eyes of a policy, which refuses nothing. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * audit_run() - run a command and report what it used.
 * @cgroup: that of the command
 * @report: a file; what is called *.xml is written as JUnit does, others as JSON; NULL for none
 * @policy_name: what the report calls the policy; NULL for the embedded one
 * @exit_status: receives that of the command
 * @refused: receives how many requests the policy refuses
 *
 * It says on standard error what the policy would have refused.
 */
int audit_run(struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
	      char *const *command, const char *report, const char *policy_name, int *exit_status,
	      size_t *refused, struct cgfence_error *error);
