// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ports.bpf.c for the members of a standing fence. */
#define STANDING
#include "ports.bpf.c"
