/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The devices controller of cgroup v1, also as LXC writes to it. */
#pragma once

#include "import/device_list.h"
#include "import/importing.h"
#include "import/lines.h"

/** cgroup1_parse_rule() - add the rule of a line's value to others. */
int cgroup1_parse_rule(const struct importing *import, const struct line *line, bool allow,
		       struct list_rules *rules);

/** cgroup1_finish() - put what written rules come to into the policy; @flags: enum exceptions_flags. */
int cgroup1_finish(struct importing *import, const struct list_rules *rules, unsigned int flags);
