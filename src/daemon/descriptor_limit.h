/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/**
 * descriptor_limit_raise() - let this process have as many descriptors as it may have at the most.
 *
 * A pass has some open for each fence, and the usual limit of 1024 is for programs that use select(2).
 */
void descriptor_limit_raise(void);
