/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process in the cgroup of the test that has a mount namespace of its own, as a container has. */
#pragma once

/* How its /dev comes about. */
enum jail_kind {
	JAIL_SHARED, /* it is that of the host */
	JAIL_USUAL,
	JAIL_NODEV,	     /* mounted with "nodev" */
	JAIL_READ_ONLY,	     /* mounted read-only, as systemd does for PrivateDevices= */
	JAIL_USER_NAMESPACE, /* mounted below a user namespace */
};

/** jail_start() - start one; until jail_end(), the other functions are about the last that was started. */
void jail_start(enum jail_kind kind);

/** jail_end() - let it end. */
void jail_end(void);

/** jail_open() - have it open @name for reading. Return: errno or 0. */
int jail_open(const char *name);

/** jail_path() - a path of the jail as the test sees it; it lives until the next call. */
const char *jail_path(const char *name);
