/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs of others, as callers of the library see them. */
#pragma once

#include "kernel/adopted.h"

#include <cgfence/foreign.h>

/** adopted_list_read() - adopted_read() without those of cgroups that are gone. */
int adopted_list_read(uint64_t id, struct adopted *adopted, struct cgfence_error *error);

/**
 * adopted_list_describe() - describe programs.
 * @programs: receives an array to be given to free(), the paths in it included; that of a cgroup that no mount shows is
 *	"id:N"
 *
 * Return: 0 or -ENOMEM.
 */
int adopted_list_describe(const struct adopted *adopted, struct cgfence_foreign_program **programs);
