/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lines of the three tables of a page. Each returns a text to be given to free(), NULL if out of memory. */
#pragma once

#include "top/looks.h"

/** cells_row() - a fence or a member; NULL for the headings. */
char *cells_row(const struct top_row *row, size_t width);

/** cells_subject() - a refusal; NULL for the headings. @now_ns: CLOCK_BOOTTIME */
char *cells_subject(const struct top_subject *subject, uint64_t now_ns, size_t width);

/** cells_listener() - a listener in excess; NULL for the headings. */
char *cells_listener(const struct top_listener *listener, size_t width);
