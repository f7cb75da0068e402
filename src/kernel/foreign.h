/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs of others on a cgroup. They are read, never touched. */
#pragma once

#include "kernel/hook.h"

#include <cgfence/foreign.h>

/** foreign_read_name() - the name of a program; empty if it has none or is gone. */
void foreign_read_name(uint32_t id, char name[16]);

/** foreign_describe() - cgfence_foreign_describe() of a program that is in no list. */
void foreign_describe(uint32_t id, const char *name, char text[CGFENCE_FOREIGN_TEXT_SIZE]);

/** foreign_read_btf_id() - the kernel function that a program is attached to; 0 if none. */
uint32_t foreign_read_btf_id(uint32_t id);

/**
 * foreign_explain_refusal() - name the program that made attaching impossible, if one did.
 * @program: ours, which was to be attached
 * @code: errno value of the refused attachment, positive
 * @error: receives the program, the cgroup and the remedy; otherwise unchanged
 */
void foreign_explain_refusal(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			     int program, int code, struct cgfence_error *error);

/**
 * foreign_check_overriding() - would attaching silence a program above?
 * @program: ours, which is to be attached
 *
 * The kernel allows it where that program was attached with BPF_F_ALLOW_OVERRIDE. But a fence must only take away, and
 * the requests that such a program refuses would be allowed.
 *
 * Return: 0, -EPERM with the program, the cgroup and the remedy.
 */
int foreign_check_overriding(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			     int program, struct cgfence_error *error);

/**
 * foreign_foresee_refusal() - is a program of somebody else in the way of attaching one?
 * @hook: none of LSM, where only a program of ours tells which others count
 *
 * Return: 0, -EPERM or -E2BIG with the program, the cgroup and the remedy.
 */
int foreign_foresee_refusal(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			    struct cgfence_error *error);
