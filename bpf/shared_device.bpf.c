// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* device.bpf.c for fences that may share it. */
#define SHARED
#include "device.bpf.c"
