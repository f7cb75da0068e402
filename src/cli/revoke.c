// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/edit.h"

static int run(const struct arguments *arguments)
{
	return edit_run(arguments, CGFENCE_REVOKE, "Revoked", "does not allow");
}

const struct command command_revoke = {
	.name = "revoke",
	.synopsis = "CGROUP device ENTRY\nCGROUP port tcp|udp PORTS",
	.summary = "revoke one device entry or some ports in a live fence",
	.description =
		"Trims the allow entries for the devices that ENTRY selects, and denies the access that a wider entry or\n"
		"a default still grants. Open devices stay open, and listeners keep listening. ENTRY is as in a policy,\n"
		"or a path and an access such as '/dev/fuse rw'. PORTS are ports and ranges such as 8080 and\n"
		"ipv4:31000-31005, separated by commas or blanks, or any.",
	.example = "cgfence revoke /machine/web port tcp 31000-31005",
	.operands_min = 3,
	.operands_max = (size_t)-1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
