/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device filter that the packaged runc generates. */
#pragma once

#include "bench.h"

/**
 * runc_filter() - have runc make a container with device entries, and keep its program.
 * @count: so many of entries_get()
 * @access: likewise
 *
 * The container is gone afterwards, and never ran anything.
 *
 * Return: a descriptor of the program; -1 if runc is not there or failed.
 */
int runc_filter(struct bench *bench, size_t count, const char *access);
