/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The terminal; the only user of ncurses, with terminfo.c. */
#pragma once

#include "top/page.h"

#if !__has_include(<curses.h>)
#error "cgfence-top needs ncurses: install libncurses-dev, as tools/install-dependencies.sh build does"
#endif

/* No key was pressed, or the terminal is gone. */
#define SCREEN_NO_KEY (-1)

/** screen_check() - can standard input and output and the terminal in TERM show a page? */
int screen_check(struct cgfence_error *error);

/** screen_open() - take the terminal over; to be given back with screen_close(). */
int screen_open(struct cgfence_error *error);

/** screen_close() - give the terminal back as it was. */
void screen_close(void);

/** screen_size() - of the terminal, as of now. */
void screen_size(size_t *height, size_t *width);

/**
 * screen_draw() - show a page.
 * @anew: all of it, whatever may be on the screen
 *
 * Return: false if the terminal takes nothing now, as after Ctrl-S; waiting for it would let no signal through.
 */
bool screen_draw(const struct page *page, bool anew);

/** screen_key() - the next key, for view_key(); does not wait. */
int screen_key(void);
