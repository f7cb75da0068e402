/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rules of a container of LXC as they come together, from its lines and from the files that they include. */
#pragma once

#include "import/device_list.h"
#include "import/importing.h"
#include "import/lines.h"

enum lxc_version {
	LXC_CGROUP1,
	LXC_CGROUP2,
	LXC_VERSION_COUNT,
};

/* The rules of a file for each version of cgroups, in their order. */
struct lxc_rules {
	struct list_rules rules[LXC_VERSION_COUNT];
	size_t lines[LXC_VERSION_COUNT]; /* how many lines are about it */
	size_t first_line[LXC_VERSION_COUNT];
	bool ended; /* what follows is of a snapshot */
};

/** lxc_rules_add_common() - add what common.conf has. Return: 0, -EINVAL for too many rules, -ENOMEM. */
int lxc_rules_add_common(const struct importing *import, struct lxc_rules *read);

/** lxc_rules_take_back() - take back all rules, as userns.conf does. */
void lxc_rules_take_back(struct lxc_rules *read);

/** lxc_rules_include() - add what a file has where a line includes it; one that is unknown may take back all before it. */
int lxc_rules_include(const struct importing *import, const struct line *line,
		      struct lxc_rules *read);

/**
 * lxc_rules_add_path() - add a rule for a node of this host.
 * @number: the line
 * @letters: up to a blank
 * @allow: what the key says; LXC allows what is named by a path, whatever that is
 */
int lxc_rules_add_path(const struct importing *import, size_t number, const char *path,
		       const char *letters, bool allow, struct list_rules *rules);

/** lxc_rules_end_at() - does a line begin the snapshots, which Proxmox keeps behind the configuration? */
bool lxc_rules_end_at(const struct line *line);
