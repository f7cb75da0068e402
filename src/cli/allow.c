// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/edit.h"

static int run(const struct arguments *arguments)
{
	return edit_run(arguments, CGFENCE_ALLOW, "Allowed", "already allows");
}

const struct command command_allow = {
	.name = "allow",
	.synopsis = "CGROUP device ENTRY\nCGROUP port tcp|udp PORTS",
	.summary = "allow one device entry or some ports in a live fence",
	.description =
		"Trims the deny entries for the devices that ENTRY selects, and adds only the access that no allow entry\n"
		"grants yet. Fails, and changes nothing, if a deny entry for more devices would still refuse a part of\n"
		"it. ENTRY is as in a policy, or a path and an access such as '/dev/fuse rw'. PORTS are ports and ranges\n"
		"such as 8080 and ipv4:31000-31005, separated by commas or blanks, or any.",
	.example = "cgfence allow /machine/web device c 10:229 rw",
	.operands_min = 3,
	.operands_max = (size_t)-1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
