/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* How to read a policy; struct reader passes the flags to the reader of each section. */
enum policy_read_flags {
	POLICY_READ_OFFLINE = 1, /* device paths are not looked up */
};
