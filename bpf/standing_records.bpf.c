// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* records.bpf.c for a standing fence. */
#define STANDING
#include "records.bpf.c"
