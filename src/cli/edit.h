/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The common part of allow and revoke. */
#pragma once

#include "cli/command.h"

#include <cgfence/cgfence.h>

/* What the two commands differ in. */
struct edit_kind {
	enum cgfence_edit_action action;
	const char *done; /* the verb before the changed thing, such as "Allowed" */
	const char *idle; /* the verb if there was nothing to change, such as "already allows" */
};

/* The options of both. @what: the verb, as "make" */
extern bool edit_node;
extern const char *edit_node_path;
#define EDIT_OPTION_NODE(what)                                                                   \
	{                                                                                        \
		0, "node", "PATH",                                                               \
			what                                                                     \
			" the device node in the container, at PATH if it is not that of ENTRY", \
			&edit_node, &edit_node_path                                              \
	}

/**
 * edit_run() - change one thing of a live fence, tell systemd if the fence is adopted, and report it.
 *
 * Return: exit status.
 */
int edit_run(const struct arguments *arguments, const struct edit_kind *kind);
