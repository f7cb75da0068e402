/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Gives programs the address of the policy itself, which spares them a lookup, as if it were global data. libbpf's own
 * global data does not serve, for its size is fixed when the object is built; and a handler of sections that is
 * registered with libbpf would be one of the whole process, where a host program may use libbpf too.
 */
#pragma once

#include <stddef.h>

/**
 * policy_address_put() - put the address of a policy in place of CGFENCE_POLICY_NUMBER.
 * @object: an ELF object, aligned as an instruction, before libbpf opens it
 * @size: of @object, in bytes
 * @map: descriptor of the policy map, which is open while the object is loaded
 *
 * Return: in how many places.
 */
int policy_address_put(void *object, size_t size, int map);
