/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs of bpf/holders.bpf.c, as this kernel takes them. */
#pragma once

#include "kernel/holders_pins.h"

/** holders_load_version() - what tells these programs from those of another cgfence. */
uint64_t holders_load_version(void);

/**
 * holders_load() - load them; where the kernel refuses the one for both, the other two alone.
 * @programs: closed before; receives descriptors, to be closed with holders_programs_close()
 * @room: for so many fences and members
 *
 * Return: 0 or errno.
 */
int holders_load(struct holders_programs *programs, uint32_t room);
