/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <stdint.h>

/**
 * duration_parse() - read "30s", "500ms", "2m", "1h" or a number of seconds.
 * @ns: receives nanoseconds, 100 ms to a day
 *
 * Return: 0, or -1 if @text is not a duration or out of range.
 */
int duration_parse(const char *text, uint64_t *ns);
