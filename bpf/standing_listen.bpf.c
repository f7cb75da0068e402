// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* listen.bpf.c for the members of a standing fence. */
#define STANDING
#include "listen.bpf.c"
