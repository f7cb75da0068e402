/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* How a policy is read; in struct reader they are told to what reads a section. */
enum policy_read_flags {
	POLICY_READ_OFFLINE = 1, /* device paths are taken as they are written */
};
