// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* device.bpf.c for the members of a standing fence. */
#define STANDING
#include "device.bpf.c"
