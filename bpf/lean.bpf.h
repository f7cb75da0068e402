/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What few fences need. The verifier removes it from the programs of the others, but the kernel keeps the pages that it
 * stood in. So the same sources are compiled once more, with LEAN, without it: for fences in which all values that stand in
 * UNLESS_LEAN() are 0 (kernel/hook.c).
 */
#pragma once

#ifdef LEAN
#define UNLESS_LEAN(value) (0 * sizeof(value))
#else
#define UNLESS_LEAN(value) (value)
#endif
