// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/edit.h"

static int run(const struct arguments *arguments)
{
	static const struct edit_kind kind = { CGFENCE_REVOKE, "Revoked", "does not allow" };

	return edit_run(arguments, &kind);
}

static const struct command_option options[] = {
	EDIT_OPTION_NODE("remove"),
	{ 0 },
};

const struct command command_revoke = {
	.name = "revoke",
	.synopsis = "[--node] CGROUP|PATTERN device ENTRY\nCGROUP|PATTERN port tcp|udp PORTS",
	.summary = "revoke a device entry or ports in a live fence",
	.description =
		"Trims the allow entries for the devices that ENTRY selects, and denies what a wider entry or a default\n"
		"still allows. Open descriptors stay open, and listeners go on. ENTRY is as in a policy, such as\n"
		"'c 10:229 rw', 'c hidraw:* rw', '/dev/dri/* rw' or '-/dev/kvm rw'. PORTS are ports and ranges\n"
		"such as 8080 and ipv4:31000-31005, with commas or blanks between them, or any.\n"
		"\n"
		"With --node, the node of the device is removed from the mount namespace of the container whose cgroup\n"
		"it is, or what is mounted in its place. If it cannot be removed, or something else is there, nothing\n"
		"changes. On an adopted fence, DeviceAllow= of the unit of systemd that the cgroup is changes too,\n"
		"until the next boot.",
	.example = "cgfence revoke /machine/web port tcp 31000-31005",
	.options = options,
	.operands_min = 3,
	.operands_max = (size_t)-1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
