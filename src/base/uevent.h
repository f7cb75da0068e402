/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notice of devices that come and go (kobject_uevent(9), udev(7)). */
#pragma once

#include <stdbool.h>

/**
 * uevent_open() - open a socket that is readable when the kernel has told of a device, or udev has made its nodes.
 *
 * A network namespace of another user namespace is told nothing.
 *
 * Return: a descriptor, or -errno.
 */
int uevent_open(void);

/** uevent_read() - consume what is pending. Return: was anything of a device with a number, or of a driver? */
bool uevent_read(int fd);
