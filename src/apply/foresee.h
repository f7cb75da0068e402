/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "apply/plan.h"

/** apply_attach_flags() - enum cgfence_attach_flags for a step that attaches or replaces the fence of a cgroup. */
unsigned int apply_attach_flags(const struct apply_step *step);

/**
 * apply_foresee() - let the steps fail now that would fail when they are made, as far as that can be found out without
 * changing anything.
 *
 * Return: 0 or -ENOMEM.
 */
int apply_foresee(struct apply_step *steps, size_t count, struct cgfence_error *error);
