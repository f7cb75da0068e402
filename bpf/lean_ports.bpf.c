// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ports.bpf.c for most fences. */
#define LEAN
#include "ports.bpf.c"
