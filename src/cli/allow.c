// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/edit.h"

static int run(const struct arguments *arguments)
{
	static const struct edit_kind kind = { CGFENCE_ALLOW, "Allowed", "already allows" };

	return edit_run(arguments, &kind);
}

static const struct command_option options[] = {
	EDIT_OPTION_NODE("make"),
	{ 0 },
};

const struct command command_allow = {
	.name = "allow",
	.synopsis = "[--node] CGROUP|PATTERN device ENTRY\nCGROUP|PATTERN port tcp|udp PORTS",
	.summary = "allow a device entry or ports in a live fence",
	.description =
		"Removes what deny entries refuse of the devices that ENTRY selects, and allows what no entry allows\n"
		"yet. If a wider deny entry would still refuse a part of it, the command fails and changes nothing.\n"
		"ENTRY is as in a policy, such as 'c 10:229 rw', 'c hidraw:* rw', '/dev/dri/* rw' or '-/dev/kvm rw'.\n"
		"PORTS are ports and ranges such as 8080 and ipv4:31000-31005, with commas or blanks between them, or\n"
		"any.\n"
		"\n"
		"With --node, the device gets a node in the mount namespace of the container whose cgroup it is, with\n"
		"owner and mode of the host's node. Below a user namespace, where none opens, the host's is mounted\n"
		"there. If the node cannot be made, or something else is there, nothing changes. On an adopted fence,\n"
		"DeviceAllow= of the unit of systemd that the cgroup is changes too, until the next boot.",
	.example = "cgfence allow /machine/web device c 10:229 rw",
	.options = options,
	.operands_min = 3,
	.operands_max = (size_t)-1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
