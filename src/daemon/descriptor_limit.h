/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/**
 * descriptor_limit_raise() - raise the limit of descriptors of this process to its hard limit.
 *
 * A pass opens some for each fence, and the usual soft limit of 1024 only serves programs that use select(2).
 */
void descriptor_limit_raise(void);
