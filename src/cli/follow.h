/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/**
 * follow_denials() - print the denials so far, and new ones until a signal or the end of the reader.
 * @id: of the fence root; 0 for all fences, including later ones
 * @cgroup: in place of @id, the id of a cgroup, for its own fence and the standing fences that it is a member of; or 0
 * @json: one object a line, else a table
 *
 * Return: exit status.
 */
int follow_denials(uint64_t id, uint64_t cgroup, bool json);
