/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/**
 * follow_denials() - print the denials that there are, and go on with new ones until a signal, or the reader, ends it.
 * @id: of the fence root; 0 for all fences, those made later included
 * @json: one object a line, else a table
 *
 * Return: exit status.
 */
int follow_denials(uint64_t id, bool json);
