// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * No programs, but the maps of a fence that need a description of their values (BTF), which the kernel keeps as long as
 * the map. Made from the objects with the programs, each would keep the description of these, of 8 KiB and more.
 */
#include "asked.bpf.h"
#include "records.bpf.h"
