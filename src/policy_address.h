/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Gives programs the address of the policy itself, where others look it up in its map. */
#pragma once

/**
 * policy_address_prepare() - have libbpf load programs of the sections "cgfence/..." with the policy's address.
 *
 * In such a program, what takes the address of the policy map gets that of its only value, as if the policy were global
 * data. The global data of libbpf cannot be used for it, as the size of a policy is known only when it is loaded.
 *
 * To be called before an object with such sections is opened. Registers with libbpf once in the life of the process.
 *
 * Return: 0 or -errno.
 */
int policy_address_prepare(void);
