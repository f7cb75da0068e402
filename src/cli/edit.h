/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What allow and revoke share. */
#pragma once

#include "cli/command.h"

#include <cgfence/cgfence.h>

/**
 * edit_run() - change one thing of a live fence, and say so.
 * @done: what was done, before what it was done to, such as "Allowed"
 * @idle: what is so already, such as "already allows"
 *
 * Return: exit status.
 */
int edit_run(const struct arguments *arguments, enum cgfence_edit_action action, const char *done,
	     const char *idle);
