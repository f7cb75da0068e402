// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/view.h"

#include <string.h>

#define KEY_CTRL(letter) ((letter)&0x1f)
#define DELETE 0x7f

static void drop_character(char *text)
{
	size_t length = strlen(text);

	/* The bytes after the first of a character in UTF-8. */
	while (length && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
		length--;
	text[length ? length - 1 : 0] = '\0';
}

static void edit(struct top_view *view, int key)
{
	size_t length = strlen(view->filter);

	switch (key) {
	case TOP_KEY_ENTER:
	case '\r':
		view->edits = false;
		return;
	case TOP_KEY_ESCAPE:
		view->edits = false;
		memcpy(view->filter, view->before, sizeof(view->filter));
		return;
	case TOP_KEY_BACKSPACE:
	case DELETE:
	case '\b':
		drop_character(view->filter);
		return;
	case KEY_CTRL('u'):
		*view->filter = '\0';
		return;
	default:
		if (key >= ' ' && key <= 0xff && length + 1 < sizeof(view->filter)) {
			view->filter[length] = (char)key;
			view->filter[length + 1] = '\0';
		}
	}
}

static void move_up(struct top_view *view, size_t rows)
{
	view->selected -= rows < view->selected ? rows : view->selected;
}

static void sort_by(struct top_view *view, int step)
{
	view->sort = (enum top_sort)(((int)view->sort + step + TOP_SORT_COUNT) % TOP_SORT_COUNT);
	view->reversed = false;
	view->selected = 0;
}

static enum top_action choose(struct top_view *view, int key, size_t page)
{
	switch (key) {
	case 'q':
		return TOP_QUIT;
	case KEY_CTRL('l'):
		return TOP_REDRAW;
	case TOP_KEY_ENTER:
	case '\r':
	case TOP_KEY_RIGHT:
		return TOP_OPEN;
	case TOP_KEY_LEFT:
	case TOP_KEY_ESCAPE:
	case TOP_KEY_BACKSPACE:
	case DELETE:
	case '\b':
		return TOP_LEAVE;
	case 'p':
	case ' ':
		view->paused = !view->paused;
		break;
	case 's':
	case '>':
		sort_by(view, 1);
		break;
	case 'S':
	case '<':
		sort_by(view, -1);
		break;
	case 'r':
		view->reversed = !view->reversed;
		break;
	case 'h':
	case '?':
		view->helps = true;
		break;
	case '/':
	case 'f':
		view->edits = true;
		memcpy(view->before, view->filter, sizeof(view->before));
		break;
	case TOP_KEY_UP:
	case 'k':
		move_up(view, 1);
		break;
	case TOP_KEY_PAGE_UP:
		move_up(view, page);
		break;
	case TOP_KEY_HOME:
	case 'g':
		view->selected = 0;
		break;
	/* What is beyond the last row, view_bound() puts right. */
	case TOP_KEY_DOWN:
	case 'j':
		view->selected++;
		break;
	case TOP_KEY_PAGE_DOWN:
		view->selected += page;
		break;
	case TOP_KEY_END:
	case 'G':
		view->selected = (size_t)-1;
		break;
	default:
		break;
	}
	return TOP_SHOW;
}

enum top_action view_key(struct top_view *view, int key, size_t page)
{
	if (key == TOP_NO_KEY)
		return TOP_SHOW;
	if (view->edits) {
		edit(view, key);
		return TOP_SHOW;
	}
	if (view->helps) {
		view->helps = false;
		return key == 'q' ? TOP_QUIT : TOP_SHOW;
	}
	return choose(view, key, page);
}

void view_bound(struct top_view *view, size_t count, size_t page)
{
	if (view->selected >= count)
		view->selected = count ? count - 1 : 0;
	if (view->first > view->selected)
		view->first = view->selected;
	if (page && view->selected - view->first >= page)
		view->first = view->selected - page + 1;
	/* No empty lines below the last row while there are rows above the first. */
	if (view->first + page > count)
		view->first = count > page ? count - page : 0;
}
