// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/privilege.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

bool privilege_has(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, sets) < 0)
		return false;
	return sets[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

bool privilege_has_admin(void)
{
	return privilege_has(CAP_SYS_ADMIN);
}
