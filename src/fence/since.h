/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <stdint.h>

/** since_read_ns() - when the first link of a fence was pinned (CLOCK_BOOTTIME); 0 if unknown. */
uint64_t since_read_ns(uint64_t id);
