// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* listen_lsm.bpf.c for the members of a standing fence. */
#define STANDING
#include "kernel_types.bpf.h"
#include "listen_lsm.bpf.c"
