/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes names, comms and command lines, which a fenced process chooses, safe to print on a terminal. */
#pragma once

/** printable_copy() - text without characters that steer a terminal or hide in the text, to be given to free(); NULL if out of memory. */
char *printable_copy(const char *text);

/** printable_json() - the same for JSON text, which keeps its meaning and its newlines. */
char *printable_json(const char *text);
