/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists of ports as users and Slurm write them. */
#pragma once

#include <stdbool.h>

/**
 * ports_are_within() - does a list name only ports of another one?
 * @ports: such as "12000-12003,12010"
 * @limit: the same; NULL for no ports at all
 *
 * Return: false also if either is no such list.
 */
bool ports_are_within(const char *ports, const char *limit);
