/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The suites, a file each. */
#pragma once

void suite_device_check(void);
void suite_bind_check(void);
void suite_standing(void);
void suite_attach(void);
void suite_reconciler(void);
void suite_reaction(void);
