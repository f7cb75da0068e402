// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* No programs, as records.bpf.c. */
#include "own_maps.bpf.h"
