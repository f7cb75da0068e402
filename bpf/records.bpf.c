// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * No programs, only the maps of a fence whose values need a description (BTF), which the kernel keeps as long as the
 * map. A map made from an object with programs would keep the description of that whole object, 8 KiB and more.
 */
#include "asked.bpf.h"
#include "records.bpf.h"
