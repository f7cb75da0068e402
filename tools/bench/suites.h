/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The suites, a file each. */
#pragma once

#include <stdbool.h>

void suite_device_check(void);
void suite_bind_check(void);
void suite_standing(void);
void suite_attach(void);
void suite_reconciler(void);
void suite_reaction(void);

struct filter;

/** standing_make() - a standing fence of /dev/null, of which the inner cgroup is a member; NULL to detach the last one. */
bool standing_make(struct filter *filter);
