// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/screen.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "report/width.h"

#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

/* It has names such as erase() and move(), and comes last so that it redefines nothing of others. */
#include <curses.h>

/* So long after an escape character a key may go on that sends more; a slow line needs some time. */
#define ESCAPE_MS 100

enum { PAIR_ACTIVE = 1, PAIR_ALERT, PAIR_HEADING };

static SCREEN *screen;
static bool is_ascii; /* the locale of the environment has no UTF-8 */

static void set_colors(void)
{
	const char *none = getenv("NO_COLOR");

	/* https://no-color.org: unless it is empty */
	if ((none && *none) || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	init_pair(PAIR_ACTIVE, COLOR_YELLOW, -1);
	init_pair(PAIR_ALERT, COLOR_RED, -1);
	init_pair(PAIR_HEADING, COLOR_CYAN, -1);
}

int screen_open(struct cgfence_error *error)
{
	setlocale(LC_CTYPE, "");
	is_ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return error_set(error, EIO, "the terminal cannot be set up");
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	/* A page that is begun is shown whole, also if keys come. */
	typeahead(-1);
	curs_set(0);
	set_colors();
	return 0;
}

void screen_close(void)
{
	if (!screen)
		return;
	/* If Ctrl-S has stopped the output, this would wait for ever. TCOON alone undoes only a TCOOFF (tty_ioctl.c). */
	tcflow(STDOUT_FILENO, TCOOFF);
	tcflow(STDOUT_FILENO, TCOON);
	endwin();
	delscreen(screen);
	screen = NULL;
}

void screen_size(size_t *height, size_t *width)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
	*height = (size_t)LINES;
	*width = (size_t)COLS;
}

static chtype attributes(enum page_style style)
{
	switch (style) {
	case PAGE_BAR:
	case PAGE_SELECTED:
		return A_REVERSE;
	case PAGE_HEADING:
		return A_BOLD | (chtype)COLOR_PAIR(PAIR_HEADING);
	case PAGE_ACTIVE:
		return A_BOLD | (chtype)COLOR_PAIR(PAIR_ACTIVE);
	case PAGE_ALERT:
		return A_BOLD | (chtype)COLOR_PAIR(PAIR_ALERT);
	case PAGE_PLAIN:
	default:
		return A_NORMAL;
	}
}

bool screen_draw(const struct page *page, bool anew)
{
	struct pollfd output = { STDOUT_FILENO, POLLOUT, 0 };

	if (poll(&output, 1, 0) == 0)
		return false;
	erase();
	for (size_t i = 0; i < page->height; i++) {
		cleanup_free char *text =
			page->lines[i] ? width_substitute(page->lines[i], is_ascii) : NULL;
		bool fills = page->styles[i] == PAGE_BAR || page->styles[i] == PAGE_SELECTED;

		if (!text)
			continue;
		attrset((int)attributes(page->styles[i]));
		mvaddstr((int)i, 0, text);
		for (size_t at = width_of(text); fills && at < page->width; at++)
			addch(' ');
	}
	attrset(A_NORMAL);
	if (anew)
		clearok(stdscr, TRUE);
	refresh();
	return true;
}

int screen_key(void)
{
	static const struct {
		int code;
		int key;
	} keys[] = {
		{ KEY_UP, TOP_KEY_UP },		{ KEY_DOWN, TOP_KEY_DOWN },
		{ KEY_PPAGE, TOP_KEY_PAGE_UP }, { KEY_NPAGE, TOP_KEY_PAGE_DOWN },
		{ KEY_HOME, TOP_KEY_HOME },	{ KEY_END, TOP_KEY_END },
		{ KEY_LEFT, TOP_KEY_LEFT },	{ KEY_RIGHT, TOP_KEY_RIGHT },
		{ KEY_ENTER, TOP_KEY_ENTER },	{ KEY_BACKSPACE, TOP_KEY_BACKSPACE },
	};
	int code = getch();

	if (code == ERR)
		return SCREEN_NO_KEY;
	if (code < KEY_MIN)
		return code;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].code == code)
			return keys[i].key;
	}
	return TOP_NO_KEY;
}
