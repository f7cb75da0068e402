// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/page.h"
#include "base/cleanup.h"
#include "report/printable.h"
#include "report/width.h"
#include "top/cells.h"
#include "top/numbers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define NS_PER_S 1e9

/* A table gets at least so many lines before it shares with another. */
#define ROWS_LEAST 4
#define SUBJECTS_MOST 9
#define LISTENERS_MOST 7

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

struct page_parts page_divide(size_t height, size_t listeners)
{
	struct page_parts parts = { 0 };
	size_t rest = height;

	parts.title = rest > 1;
	rest -= parts.title;
	parts.heading = rest > 1;
	rest -= parts.heading;
	parts.help = rest > 2;
	rest -= parts.help;
	parts.totals = rest > 3;
	rest -= parts.totals;
	/* With less than two lines a heading stands above nothing. */
	if (listeners && rest >= ROWS_LEAST + 2)
		parts.listeners = smaller(smaller(listeners + 1, LISTENERS_MOST),
					  smaller(rest / 4 > 2 ? rest / 4 : 2, rest - ROWS_LEAST));
	if (rest >= parts.listeners + ROWS_LEAST + 3)
		parts.subjects = smaller(SUBJECTS_MOST, rest / 3);
	parts.rows = rest - parts.listeners - parts.subjects;
	return parts;
}

void page_release(struct page *page)
{
	for (size_t i = 0; page->lines && i < page->height; i++)
		free(page->lines[i]);
	free(page->lines);
	free(page->styles);
	*page = (struct page){ 0 };
}

/* A page that is being written. */
struct writer {
	struct page *page;
	size_t next;
	bool failed;
};

/* Takes the text over. */
static void add(struct writer *writer, enum page_style style, char *text)
{
	struct page *page = writer->page;

	if (!text)
		writer->failed = true;
	if (writer->next == page->height) {
		free(text);
		return;
	}
	page->styles[writer->next] = style;
	page->lines[writer->next++] = text;
}

/* A sentence, which loses its end where it does not fit. */
__attribute__((format(printf, 3, 4))) static void say(struct writer *writer, enum page_style style,
						      const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	add(writer, style, text ? width_shorten(text, writer->page->width) : NULL);
}

static void skip_to(struct writer *writer, size_t line)
{
	while (writer->next < line)
		writer->page->lines[writer->next++] = NULL;
}

static size_t count_members(const struct top_rows *rows)
{
	size_t sum = 0;

	for (size_t i = 0; i < rows->count; i++)
		sum += rows->items[i].members;
	return sum;
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void write_title(struct writer *writer, const struct top_scene *scene)
{
	const struct top_view *view = scene->view;
	cleanup_free char *filter = printable_copy(view->filter);
	size_t members = count_members(scene->rows);
	char what[128];

	if (scene->pattern)
		snprintf(what, sizeof(what), "%zu member%s", scene->rows->count,
			 plural(scene->rows->count));
	else
		snprintf(what, sizeof(what), "%zu fence%s, %zu member%s", scene->rows->count,
			 plural(scene->rows->count), members, plural(members));
	if (view->edits) {
		say(writer, PAGE_BAR, "filter: %s_", filter ? filter : "");
		return;
	}
	say(writer, PAGE_BAR, "cgfence top: %s%s  every %gs  by %s%s%s%s%s%s%s", what,
	    view->paused ? "  PAUSED" : "", (double)scene->interval_ns / NS_PER_S,
	    order_name(view->sort), view->reversed ? " (reversed)" : "",
	    filter && *filter ? "  filter '" : "", filter ? filter : "",
	    filter && *filter ? "'" : "", scene->pattern ? "  of " : "",
	    scene->pattern ? scene->pattern : "");
}

struct sums {
	double rates[CGFENCE_HOOK_COUNT];
	size_t unread;
	size_t failed;
	size_t excess;
};

static struct sums sum_up(const struct top_scene *scene)
{
	struct sums sums = { 0 };

	for (size_t i = 0; i < scene->rows->count; i++) {
		const struct top_row *row = &scene->rows->items[i];

		for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++)
			sums.rates[hook] += row->rates[hook];
		sums.unread += !row->sampled_ns && !row->failed;
		sums.failed += row->failed;
		sums.excess += row->excess;
	}
	return sums;
}

static void write_totals(struct writer *writer, const struct top_scene *scene)
{
	const struct sums sums = sum_up(scene);
	char rates[CGFENCE_HOOK_COUNT][NUMBER_SIZE];
	char unread[48] = "";
	char failed[48] = "";

	if (scene->trouble) {
		say(writer, PAGE_ALERT, "%s", scene->trouble);
		return;
	}
	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++)
		number_rate(sums.rates[hook], rates[hook]);
	if (sums.unread)
		snprintf(unread, sizeof(unread), "  not read yet: %zu", sums.unread);
	if (sums.failed)
		snprintf(failed, sizeof(failed), "  unreadable: %zu", sums.failed);
	say(writer, sums.excess || sums.failed ? PAGE_ALERT : PAGE_PLAIN,
	    "refused/s: device %s  bind %s  listen %s  create %s  in excess: %zu%s%s",
	    rates[CGFENCE_HOOK_DEVICE], rates[CGFENCE_HOOK_BIND], rates[CGFENCE_HOOK_LISTEN],
	    rates[CGFENCE_HOOK_CREATE], sums.excess, failed, unread);
}

static enum page_style style_of(const struct top_row *row, bool is_selected)
{
	if (is_selected)
		return PAGE_SELECTED;
	if (row->failed || row->excess)
		return PAGE_ALERT;
	return row_rate(row) > 0 ? PAGE_ACTIVE : PAGE_PLAIN;
}

static void write_rows(struct writer *writer, const struct top_scene *scene, size_t lines)
{
	const struct top_view *view = scene->view;

	if (!scene->count)
		say(writer, PAGE_PLAIN, "%s",
		    *view->filter	 ? "Nothing matches the filter."
		    : scene->pattern	 ? "The fence has no members now."
		    : scene->rows->count ? "The fences are being read."
					 : "There are no fences.");
	for (size_t i = 0; i < lines && view->first + i < scene->count; i++) {
		const struct top_row *row = &scene->rows->items[scene->order[view->first + i]];

		add(writer, style_of(row, view->first + i == view->selected),
		    cells_row(row, writer->page->width));
	}
}

static void write_subjects(struct writer *writer, const struct top_scene *scene, size_t lines)
{
	size_t width = writer->page->width;

	add(writer, PAGE_HEADING, cells_subject(NULL, 0, width));
	if (!scene->looks->subject_count)
		say(writer, PAGE_PLAIN, "Nothing was refused in these.");
	for (size_t i = 0; i + 1 < lines && i < scene->looks->subject_count; i++)
		add(writer, PAGE_PLAIN,
		    cells_subject(&scene->looks->subjects[i], scene->now_ns, width));
}

/* Return: how many there are. @writer: NULL to count only */
static size_t write_listeners(struct writer *writer, const struct top_scene *scene, size_t lines)
{
	const struct top_looks *looks = scene->looks;
	size_t written = 0;

	if (writer)
		add(writer, PAGE_HEADING, cells_listener(NULL, writer->page->width));
	for (size_t i = 0; i < looks->listener_count && written < lines; i++) {
		if (scene->pattern && looks->listeners[i].fence != scene->fence)
			continue;
		written++;
		if (writer)
			add(writer, PAGE_ALERT,
			    cells_listener(&looks->listeners[i], writer->page->width));
	}
	return written;
}

static void write_help(struct writer *writer)
{
	static const char *const lines[] = {
		" q          quit",
		" p, space   stop reading, and go on",
		" s, S       sort by the next column, by the one before",
		" r          sort the other way round",
		" /          show what has this text in its path or name; Enter ends, Escape undoes",
		" Enter      the members of the selected standing fence; Escape goes back",
		" arrows     select; Page Up, Page Down, Home and End too",
		" Ctrl-L     draw all again",
		"",
		" /s         refusals a second since the last look: all, or those of devices, bind,",
		"            listen and the making of sockets. What an audit would refuse counts too",
		" TOTAL      refusals since the fence was made",
		" MEMB       cgroups of a standing fence",
		" EXC        listeners in excess; ? before the first look. Those of fences on the",
		"            screen are looked for first. Nothing is done about them here",
		"",
		" The last refusals are those of the fences on the screen.",
	};

	say(writer, PAGE_BAR, "cgfence top: any key goes back");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		say(writer, PAGE_PLAIN, "%s", lines[i]);
}

static void write_all(struct writer *writer, const struct top_scene *scene)
{
	struct page *page = writer->page;
	struct page_parts parts =
		page_divide(page->height, write_listeners(NULL, scene, LISTENERS_MOST));

	if (parts.title)
		write_title(writer, scene);
	if (parts.totals)
		write_totals(writer, scene);
	if (parts.heading)
		add(writer, PAGE_HEADING, cells_row(NULL, page->width));
	write_rows(writer, scene, parts.rows);
	skip_to(writer, parts.title + parts.totals + parts.heading + parts.rows);
	if (parts.subjects)
		write_subjects(writer, scene, parts.subjects);
	skip_to(writer, page->height - parts.listeners - parts.help);
	if (parts.listeners)
		write_listeners(writer, scene, parts.listeners - 1);
	skip_to(writer, page->height - parts.help);
	if (parts.help)
		say(writer, PAGE_BAR,
		    "q quit  p pause  s sort  r reverse  / filter  Enter members  h help");
}

int page_make(const struct top_scene *scene, size_t height, size_t width, struct page *page)
{
	struct page made = {
		.height = height,
		.width = width,
		.lines = calloc(height + 1, sizeof(*made.lines)),
		.styles = calloc(height + 1, sizeof(*made.styles)),
	};
	struct writer writer = { .page = &made };

	if (!made.lines || !made.styles)
		writer.failed = true;
	else if (width && scene->view->helps)
		write_help(&writer);
	else if (width)
		write_all(&writer, scene);
	if (writer.failed) {
		page_release(&made);
		return -ENOMEM;
	}
	*page = made;
	return 0;
}
