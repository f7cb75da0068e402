// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* device.bpf.c for the members of most standing fences. */
#define LEAN
#define STANDING
#include "device.bpf.c"
