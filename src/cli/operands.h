/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The operands that name a device or ports: device ENTRY, port tcp|udp PORTS. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * operands_join() - join words with blanks, since an entry may be one operand or, unquoted, several.
 * @words: ended by NULL
 *
 * Return: text to be given to free(), NULL if out of memory.
 */
char *operands_join(char *const *words);

/** operands_refuse_topic() - report that a word is neither device nor port. Return: -EINVAL. */
int operands_refuse_topic(const char *word, struct cgfence_error *error);
