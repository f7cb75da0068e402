/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the header of an image allows by itself. */
#pragma once

#include <cgfence/abi.h>

/**
 * device_hot_derive() - the word for cgfence_device_is_hot().
 * @image: with a whole table
 *
 * It asks the table itself, so that nothing is hot which cgfence_device_allowed() does not allow.
 */
__u64 device_hot_derive(const struct cgfence_image *image);
