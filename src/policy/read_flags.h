/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* How to read a policy; struct reader passes the flags to the reader of each section. */
enum policy_read_flags {
	POLICY_READ_OFFLINE = 1, /* device paths are not looked up */
	POLICY_READ_AGAIN = 2,	 /* it was in force already, so that what it names may be gone */
	POLICY_READ_PAST = 4,	 /* likewise, and words stand for what they stood for then */
};
