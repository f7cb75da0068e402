/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What cgfence needs of the BTF of the running kernel. Reading that takes 15 ms and more, so it is read once a boot, and
 * what was found is kept in a pinned map, or for this process where nothing can be pinned.
 */
#pragma once

#include "kernel/layout.h"

#include <bpf/libbpf.h>

/** kernel_btf_read_layout() - where the kernel's structures have what programs read; a kernel without BTF tells nothing. */
void kernel_btf_read_layout(struct kernel_layout *layout);

/** kernel_btf_find_target() - the id of a function, or of the type of a tracepoint, to attach to; 0 if there is none. */
uint32_t kernel_btf_find_target(const char *name);

/**
 * kernel_btf_open() - write it into a file, by which libbpf adapts programs (bpf_object_open_opts.btf_custom_path).
 * @path: receives a path to the file, for as long as that is open
 *
 * Return: a descriptor, or -1 if there is none: libbpf then looks for the BTF of the kernel by itself.
 */
#define KERNEL_BTF_PATH_SIZE 40
int kernel_btf_open(char path[KERNEL_BTF_PATH_SIZE]);
