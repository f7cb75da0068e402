/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Gives programs the address of the policy itself, where others look it up in its map: in a program of a section
 * "cgfence/HOOK", what takes the address of the policy map gets that of its only value, as if the policy were global
 * data. The global data of libbpf cannot be used for it, as the size of a policy is known only when it is loaded.
 */
#pragma once

/** policy_address_check() - does libbpf load such programs? Return: 0 or -errno. */
int policy_address_check(void);
