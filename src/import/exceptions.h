/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The devices controller of cgroup v1, which runc imitates: a default, and exceptions from it. */
#pragma once

#include "import/device_list.h"

enum exceptions_flags {
	/* Taking a part out of an exception with a '*' is refused; the v1 controller takes no notice of such a rule. */
	EXCEPTIONS_REFUSE_HOLES = 1,
	EXCEPTIONS_ALLOW_AT_FIRST = 2, /* before any rule everything is allowed, else nothing */
};

/* A rule that comes to nothing. */
typedef void exceptions_callback(const struct list_rule *rule, void *context);

/**
 * exceptions_make_list() - what the controller makes of rules written to it one after the other.
 * @rules: a rule of type "a" is about everything, whatever its numbers and letters
 * @flags: enum exceptions_flags
 * @tell: called for each rule that takes letters out of no exception
 * @list: receives the default and the exceptions, to be given to device_list_free(); its overlap is false
 * @hole: receives the rule that is refused, in @rules
 *
 * A rule that says the opposite of the default adds letters to the exception with its type and numbers, another takes
 * letters out of it (Linux security/device_cgroup.c, runc libcontainer/cgroups/devices).
 *
 * Return: 0, -EINVAL for a refused rule, -ENOMEM.
 */
int exceptions_make_list(const struct list_rules *rules, unsigned int flags,
			 exceptions_callback *tell, void *context, struct device_list *list,
			 const struct list_rule **hole);
