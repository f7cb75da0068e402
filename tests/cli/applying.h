/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The daemon with a directory of policies. */
#pragma once

#include "watching.h"
#include "support/sockets.h"

/** applying_directory() - the directory of the policies; it is made if needed. */
const char *applying_directory(void);

/**
 * applying_write_policy() - write a policy, with ' for ".
 * @name: of the file
 * @cgroup: follows the path of the test's cgroup
 * @rest: follows the key "cgroup" in the policy
 */
void applying_write_policy(const char *name, const char *cgroup, const char *rest);

/** applying_start() - start a watch whose interval causes nothing; to be given to watching_stop(). */
void applying_start(struct watching *watching);

/** applying_expect_applied() - wait for the next event of an applied policy, which is that of this file and cgroup. */
void applying_expect_applied(struct watching *watching, const struct cgfence_cgroup *cgroup,
			     const char *file);

/** applying_expect_applied_to() - the same of a standing fence. @pattern: follows the path of the test's cgroup */
void applying_expect_applied_to(struct watching *watching, const char *pattern, const char *file);

/** applying_expect_error() - wait for the next error, which has @part. */
void applying_expect_error(struct watching *watching, const char *part);

/** applying_ports_of() - the first port that a fence assigns. */
json_int_t applying_ports_of(const struct cgfence_cgroup *cgroup);
