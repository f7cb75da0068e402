/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sections of programs that are attached to functions and tracepoints of the kernel. */
#pragma once

#include <bpf/libbpf.h>

/**
 * sections_prepare() - say what the programs of an object that is to be loaded are attached to.
 *
 * For an object whose file is opened. Where cgfence_claim_libbpf() was called, nothing is left to do; elsewhere libbpf
 * reads the BTF of the kernel for each.
 *
 * Return: 0, or -errno: -ESRCH, -ENOENT or -EINVAL if the kernel has no such function or tells nothing of it.
 */
int sections_prepare(struct bpf_object *object);
