/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs on a cgroup that are somebody else's: looked at, never touched. */
#pragma once

#include "hook.h"

/**
 * foreign_explain_refusal() - say which program makes attaching impossible.
 * @code: errno value of the refused attachment, positive
 * @error: receives program, cgroup and way out
 *
 * Return: false if none does, and @error is unchanged.
 */
bool foreign_explain_refusal(const struct cgfence_cgroup *cgroup, const struct hook *hook, int code,
			     struct cgfence_error *error);
