/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The images that systemd mounts as it starts a unit (RootImage= and MountImages= of systemd.exec(5)). */
#pragma once

#include <stdbool.h>

struct unit_images {
	bool root;
	bool mounted;
};

/**
 * unit_images_read_root() - take in RootImage=; without a value there is none any more.
 *
 * Return: false if systemd ignores the value.
 */
bool unit_images_read_root(struct unit_images *images, const char *value);

/**
 * unit_images_read_mounts() - take in MountImages=, which has words such as "-/x.raw:/x"; without one there are none any
 * more.
 * @value: is changed
 *
 * Return: false if systemd ignores the value.
 */
bool unit_images_read_mounts(struct unit_images *images, char *value);
