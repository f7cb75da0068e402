/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The cgroup of one command. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * run_cgroup_create() - make a cgroup below that of this process, so that the limits there hold for the command too.
 * @name: NULL for one that no other command has
 * @cgroup: receives it, to be given to run_cgroup_remove()
 */
int run_cgroup_create(const char *name, struct cgfence_cgroup **cgroup,
		      struct cgfence_error *error);

/** run_cgroup_remove() - end what is left in it and remove it, and then its fence; says what fails. */
void run_cgroup_remove(struct cgfence_cgroup *cgroup);
