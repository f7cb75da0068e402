/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long something takes. Without Criterion, for tests and benchmarks alike. */
#pragma once

#include <stdint.h>

/** clock_ns() - CLOCK_MONOTONIC. */
uint64_t clock_ns(void);

/** clock_ms_since() - milliseconds since an earlier clock_ns(). */
double clock_ms_since(uint64_t begin_ns);
