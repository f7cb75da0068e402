/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Puts a policy into the instructions of programs: the address of the policy itself, which spares them a lookup, as if it
 * were global data, and the fields of its header, which spare them a look at the page that has it. libbpf's own
 * global data does not serve, for its size is fixed when the object is built; and a handler of sections that is
 * registered with libbpf would be one of the whole process, where a host program may use libbpf too.
 */
#pragma once

#include <cgfence/abi.h>
#include <stddef.h>

/**
 * policy_place_put() - put a policy in place of CGFENCE_POLICY_NUMBER and of each CGFENCE_FIELD_NUMBER.
 * @object: an ELF object, aligned as an instruction, before libbpf opens it
 * @size: of @object, in bytes
 * @image: the policy, checked
 * @map: descriptor of the policy map that has @image, which is open while the object is loaded
 *
 * Return: in how many places, or -EINVAL if the object wants a field that is none.
 */
int policy_place_put(void *object, size_t size, const struct cgfence_image *image, int map);
