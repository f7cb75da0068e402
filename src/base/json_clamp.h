/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON of programs that count up to 2^64, which jansson refuses to read. */
#pragma once

#include <stddef.h>

/**
 * json_clamp_integers() - overwrite integers that jansson cannot hold with the nearest that it can, in place.
 * @text: JSON; what stands in strings stays
 * @length: of @text, in bytes, which stays
 *
 * A runtime writes "no limit" as 18446744073709551615.
 */
void json_clamp_integers(char *text, size_t length);
