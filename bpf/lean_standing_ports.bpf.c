// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ports.bpf.c for the members of most standing fences. */
#define LEAN
#define STANDING
#include "ports.bpf.c"
