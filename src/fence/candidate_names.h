/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The devices that a program names: by numbers in its instructions, and by what its maps hold. */
#pragma once

#include "fence/candidate_list.h"
#include "kernel/adopted.h"

/**
 * candidate_names_add() - add them.
 * @list: where a map cannot be read, its error is filled in
 *
 * A number is a major, a minor, or neither, so those that stand near each other are tried as both. Where a number may be the
 * end of a range, that is tried at both ends, next to them, and in its middle.
 *
 * Return: 0 or -ENOMEM.
 */
int candidate_names_add(struct candidates *list, const struct adopted_program *program);
