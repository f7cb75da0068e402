/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Gives programs the address of the policy itself, which spares them a lookup. In a program of a section
 * "cgfence/HOOK", an instruction that loads the address of the policy map gets the address of its only value instead,
 * as if the policy were global data. libbpf's own global data does not serve: its size is fixed when the object is
 * built.
 */
#pragma once

/** policy_address_check() - does libbpf load such programs? Return: 0 or -errno. */
int policy_address_check(void);
