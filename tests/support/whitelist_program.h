/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The code of device programs as container runtimes attach them. Without Criterion, for tests and benchmarks alike. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* An entry: all of the access, or a part of it. */
struct whitelist_entry {
	uint32_t type; /* BPF_DEVCG_DEV_* */
	int major;     /* -1 for any */
	int minor;     /* likewise */
	uint32_t access;
};

/**
 * whitelist_program() - load a program that allows these entries, and nothing else.
 * @name: of the program; NULL for none, as runc and crun have it
 *
 * It is that of crun (bpf_program_append_dev() of its src/libcrun/ebpf.c): one entry after the other is compared by
 * immediates, its type, its access unless that is all, its major and its minor.
 *
 * Return: a descriptor, or -errno.
 */
int whitelist_program(const char *name, const struct whitelist_entry *entries, size_t count);
