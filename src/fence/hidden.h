/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/cgfence.h>

/** fence_check_hidden() - cgfence_fence_check_hidden() of a cgroup whose lock is held. */
int fence_check_hidden(const struct cgfence_cgroup *cgroup, struct cgfence_error *error);
