/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names, comms and command lines come from what runs in a fence, and go to a terminal. */
#pragma once

/** printable_copy() - text without a byte that steers a terminal, to be given to free(); NULL if out of memory. */
char *printable_copy(const char *text);

/** printable_json() - the same for JSON text, which says the same afterwards; its newlines stay. */
char *printable_json(const char *text);
