/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Devices in the words of people: paths that stay what they are, and drivers where any device of theirs is meant. */
#pragma once

#include "policy/device_host.h"

/* The longest is a path. */
#define DEVICE_WORDS_SIZE DEVICE_PATH_SIZE

/**
 * device_words_find() - the selector of a policy entry for a device.
 * @words: receives "/dev/fuse"; "/dev/serial/by-id/…" where the number in the kernel's name comes from the order in which
 *	devices are found; "c pts:*" for a terminal, which gets another number each time; "c 10:229" where no path has it
 */
void device_words_find(const struct device_host *host, const struct drivers *drivers,
		       const struct device_number *device, char words[DEVICE_WORDS_SIZE]);

/**
 * device_words_generalise() - the selector for all devices of a driver, if they are all of one kind.
 * @devices: at least two of them, of one type and major
 * @words: receives such as "b loop:*"
 *
 * They are of one kind if the names of all devices of the driver differ by a number alone, and no other driver shares a
 * major with it.
 *
 * Return: false if they are not.
 */
bool device_words_generalise(const struct device_host *host, const struct drivers *drivers,
			     const struct device_number *devices, size_t count,
			     char words[DEVICE_WORDS_SIZE]);
