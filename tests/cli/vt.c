// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "vt.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define PARAMETERS_MAX 16

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void blank(struct vt *vt, size_t row, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < vt->columns; i++)
		strcpy(vt->cells[row][i], " ");
}

static void blank_rows(struct vt *vt, size_t from, size_t to)
{
	for (size_t row = from; row < to; row++)
		blank(vt, row, 0, vt->columns);
}

static void copy_row(struct vt *vt, size_t to, size_t from)
{
	memmove(vt->cells[to], vt->cells[from], sizeof(vt->cells[to]));
}

/* Moves the rows from @first to the end of the region up, new ones come in at its end. */
static void scroll_up(struct vt *vt, size_t first, size_t count)
{
	for (size_t row = first; row <= vt->bottom; row++) {
		if (row + count <= vt->bottom)
			copy_row(vt, row, row + count);
		else
			blank(vt, row, 0, vt->columns);
	}
}

static void scroll_down(struct vt *vt, size_t first, size_t count)
{
	for (size_t row = vt->bottom + 1; row-- > first;) {
		if (row >= first + count)
			copy_row(vt, row, row - count);
		else
			blank(vt, row, 0, vt->columns);
	}
}

static void go_down(struct vt *vt)
{
	if (vt->row == vt->bottom)
		scroll_up(vt, vt->top, 1);
	else if (vt->row + 1 < vt->rows)
		vt->row++;
}

static void put(struct vt *vt, const char *character, size_t width)
{
	if (vt->wraps || vt->column + width > vt->columns) {
		vt->column = 0;
		go_down(vt);
	}
	vt->wraps = false;
	snprintf(vt->last, sizeof(vt->last), "%s", character);
	strcpy(vt->cells[vt->row][vt->column], character);
	for (size_t i = 1; i < width; i++)
		*vt->cells[vt->row][vt->column + i] = '\0';
	vt->column += width;
	if (vt->column >= vt->columns) {
		vt->column = vt->columns - 1;
		vt->wraps = true;
	}
}

static void insert_blanks(struct vt *vt, size_t count)
{
	char(*row)[VT_CELL_SIZE] = vt->cells[vt->row];

	count = least(count, vt->columns - vt->column);
	memmove(row[vt->column + count], row[vt->column],
		(vt->columns - vt->column - count) * VT_CELL_SIZE);
	blank(vt, vt->row, vt->column, vt->column + count);
}

static void delete_cells(struct vt *vt, size_t count)
{
	char(*row)[VT_CELL_SIZE] = vt->cells[vt->row];

	count = least(count, vt->columns - vt->column);
	memmove(row[vt->column], row[vt->column + count],
		(vt->columns - vt->column - count) * VT_CELL_SIZE);
	blank(vt, vt->row, vt->columns - count, vt->columns);
}

/* A sequence of CSI (ECMA-48). */
struct sequence {
	char kind; /* '?' or '>' or 0 */
	size_t parameters[PARAMETERS_MAX];
	size_t count;
	char final;
};

static size_t parameter(const struct sequence *sequence, size_t index)
{
	return index < sequence->count ? sequence->parameters[index] : 0;
}

static void set_mode(struct vt *vt, const struct sequence *sequence)
{
	bool set = sequence->final == 'h';

	for (size_t i = 0; i < sequence->count; i++) {
		if (sequence->kind == '?' && sequence->parameters[i] == 1049)
			vt->is_alternate = set;
		if (sequence->kind == '?' && sequence->parameters[i] == 25)
			vt->hides_cursor = !set;
	}
}

static void erase_part(struct vt *vt, const struct sequence *sequence)
{
	size_t what = parameter(sequence, 0);
	size_t from = what == 0 ? vt->column : 0;
	size_t to = what == 1 ? vt->column + 1 : vt->columns;

	blank(vt, vt->row, from, to);
	if (sequence->final == 'K')
		return;
	if (what != 1)
		blank_rows(vt, vt->row + 1, vt->rows);
	if (what != 0)
		blank_rows(vt, 0, vt->row);
}

static void count_colors(struct vt *vt, const struct sequence *sequence)
{
	for (size_t i = 0; i < sequence->count; i++) {
		size_t number = sequence->parameters[i];

		vt->colors += (number >= 30 && number <= 38) || (number >= 90 && number <= 97);
	}
}

static void place(struct vt *vt, size_t row, size_t column)
{
	vt->row = least(row ? row - 1 : 0, vt->rows - 1);
	vt->column = least(column ? column - 1 : 0, vt->columns - 1);
	vt->wraps = false;
}

static void obey(struct vt *vt, const struct sequence *sequence)
{
	size_t number = parameter(sequence, 0);
	size_t times = number ? number : 1;

	switch (sequence->final) {
	case 'H':
		place(vt, number, parameter(sequence, 1));
		break;
	case 'd':
		place(vt, number, vt->column + 1);
		break;
	case 'G':
		place(vt, vt->row + 1, number);
		break;
	case 'A':
		place(vt, vt->row + 1 - least(times, vt->row), vt->column + 1);
		break;
	case 'B':
		place(vt, vt->row + 1 + times, vt->column + 1);
		break;
	case 'C':
		place(vt, vt->row + 1, vt->column + 1 + times);
		break;
	case 'D':
		place(vt, vt->row + 1, vt->column + 1 - least(times, vt->column));
		break;
	case 'J':
	case 'K':
		erase_part(vt, sequence);
		break;
	case 'X':
		blank(vt, vt->row, vt->column, vt->column + times);
		break;
	case 'P':
		delete_cells(vt, times);
		break;
	case '@':
		insert_blanks(vt, times);
		break;
	case 'L':
		scroll_down(vt, vt->row, times);
		break;
	case 'M':
		scroll_up(vt, vt->row, times);
		break;
	case 'b':
		for (size_t i = 0; i < times; i++)
			put(vt, vt->last, 1);
		break;
	case 'r':
		vt->top = number ? number - 1 : 0;
		vt->bottom = parameter(sequence, 1) ? parameter(sequence, 1) - 1 : vt->rows - 1;
		place(vt, 1, 1);
		break;
	case 'S':
		scroll_up(vt, vt->top, times);
		break;
	case 'T':
		scroll_down(vt, vt->top, times);
		break;
	case 'h':
	case 'l':
		set_mode(vt, sequence);
		break;
	case 'm':
		count_colors(vt, sequence);
		break;
	case 'c': /* the form of the cursor, of a console */
	case 't': /* the title of a window, to be kept */
		break;
	default:
		cr_assert_fail("a sequence of CSI ends with '%c'", sequence->final);
	}
}

/* Return: what is after it; NULL if it is not whole yet. */
static const char *read_sequence(const char *text, struct sequence *sequence)
{
	*sequence = (struct sequence){ 0 };
	if (*text == '?' || *text == '>')
		sequence->kind = *text++;
	while (isdigit((unsigned char)*text) || *text == ';') {
		char *end;

		cr_assert_lt(sequence->count, PARAMETERS_MAX);
		sequence->parameters[sequence->count++] = strtoul(text, &end, 10);
		text = *end == ';' ? end + 1 : end;
	}
	sequence->final = *text;
	return *text ? text + 1 : NULL;
}

static const char *escape(struct vt *vt, const char *text)
{
	struct sequence sequence;

	switch (*text) {
	case '\0':
		return NULL;
	case '[':
		text = read_sequence(text + 1, &sequence);
		if (text)
			obey(vt, &sequence);
		return text;
	case 'M':
		if (vt->row == vt->top)
			scroll_down(vt, vt->top, 1);
		else
			place(vt, vt->row, vt->column + 1);
		return text + 1;
	case '(':
	case ')':
		return text[1] ? text + 2 : NULL;
	case '=':
	case '>':
	case '7':
	case '8':
		return text + 1;
	default:
		cr_assert_fail("an escape character is before '%c'", *text);
		return NULL;
	}
}

static const char *print(struct vt *vt, const char *text)
{
	mbstate_t state = { 0 };
	char character[VT_CELL_SIZE];
	wchar_t wide;
	size_t length = mbrtowc(&wide, text, strlen(text), &state);
	int width;

	if (length == (size_t)-2)
		return NULL;
	cr_assert_neq(length, (size_t)-1, "byte %#x is no UTF-8", (unsigned char)*text);
	width = wcwidth(wide);
	cr_assert_gt(width, 0, "character %#x has no width", (unsigned int)wide);
	snprintf(character, sizeof(character), "%.*s", (int)length, text);
	put(vt, character, (size_t)width);
	return text + length;
}

static const char *step(struct vt *vt, const char *text)
{
	switch (*text) {
	case '\033':
		return escape(vt, text + 1);
	case '\r':
		place(vt, vt->row + 1, 1);
		return text + 1;
	case '\n':
		go_down(vt);
		return text + 1;
	case '\b':
		place(vt, vt->row + 1, vt->column);
		return text + 1;
	case '\t':
		place(vt, vt->row + 1, (vt->column / 8 + 1) * 8 + 1);
		return text + 1;
	case '\016':
	case '\017':
		return text + 1;
	default:
		cr_assert_geq((unsigned char)*text, ' ', "control character %#x", *text);
		return print(vt, text);
	}
}

void vt_show(struct vt *vt, size_t rows, size_t columns, const char *text)
{
	cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
	memset(vt, 0, sizeof(*vt));
	vt->rows = rows;
	vt->columns = columns;
	vt->bottom = rows - 1;
	blank_rows(vt, 0, rows);
	while (text && *text)
		text = step(vt, text);
}

const char *vt_line(const struct vt *vt, size_t row)
{
	static char line[VT_COLUMNS_MAX * VT_CELL_SIZE + 1];
	size_t length = 0;

	for (size_t i = 0; i < vt->columns; i++)
		length += (size_t)sprintf(line + length, "%s", vt->cells[row][i]);
	while (length && line[length - 1] == ' ')
		length--;
	line[length] = '\0';
	return line;
}

size_t vt_find(const struct vt *vt, const char *text)
{
	size_t row = 0;

	while (row < vt->rows && !strstr(vt_line(vt, row), text))
		row++;
	return row;
}
