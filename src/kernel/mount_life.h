/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Does a mount outlive this mount namespace, because PID 1 has it too? */
#pragma once

#include <sys/types.h>

enum mount_life {
	MOUNT_LASTS,   /* it is in the mount namespace of PID 1, if only there too */
	MOUNT_ENDS,    /* with the mount namespace of this process */
	MOUNT_UNKNOWN, /* PID 1 cannot be looked at */
};

/** mount_life_at() - of what this process mounts on @point, an absolute path. */
enum mount_life mount_life_at(const char *point);

/** mount_life_of() - of the file system on device @device. */
enum mount_life mount_life_of(dev_t device);
