/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hidden fences: programs of cgfence whose links are not pinned here, but in another bpffs. */
#pragma once

#include <cgfence/cgfence.h>
#include <linux/bpf.h>

/**
 * hidden_find() - look for a hidden fence on a cgroup.
 * @name: receives the name of what was found
 *
 * While a command changes the fence of the cgroup, its links may not be pinned yet: hold its lock.
 *
 * Return: the id of a program, 0 if there is none or that cannot be told.
 */
uint32_t hidden_find(const struct cgfence_cgroup *cgroup, char name[BPF_OBJ_NAME_LEN]);

/** hidden_is_of_cgfence() - is it a program of cgfence, of whatever bpffs? */
bool hidden_is_of_cgfence(uint32_t program);
