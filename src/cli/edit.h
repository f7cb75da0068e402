/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The common part of allow and revoke. */
#pragma once

#include "cli/command.h"

#include <cgfence/cgfence.h>

/**
 * edit_run() - change one thing of a live fence, and report it.
 * @done: the verb before the changed thing, such as "Allowed"
 * @idle: the verb if there was nothing to change, such as "already allows"
 *
 * Return: exit status.
 */
int edit_run(const struct arguments *arguments, enum cgfence_edit_action action, const char *done,
	     const char *idle);
