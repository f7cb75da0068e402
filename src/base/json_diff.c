// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/json_diff.h"
#include "base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Above this many pairs of lines, no longest common sequence is looked for: all goes and all comes. */
#define PAIRS_MAX (4UL * 1024 * 1024)

struct line {
	const char *text;
	size_t length; /* without the comma */
	size_t indent;
	uint64_t place; /* a hash of the line and of those that it stands below */
};

struct lines {
	struct line *items;
	size_t count;
};

/* Lines of both texts in the order in which they are shown. */
struct edit_line {
	char sign; /* '-', '+', or ' ' for what stays */
	const struct line *line;
	bool shown;
};

/* FNV-1a. */
static uint64_t hash_line(uint64_t hash, const struct line *line)
{
	for (size_t i = 0; i < line->length; i++)
		hash = (hash ^ (unsigned char)line->text[i]) * 0x100000001b3;
	return hash;
}

/* A bracket that closes stands below the line that opened it. */
static uint64_t find_place(const struct lines *lines, const struct line *line)
{
	const char *first = line->text + line->indent;
	size_t above = line->indent + (*first == ']' || *first == '}');

	for (size_t i = lines->count; i-- > 0;) {
		if (lines->items[i].indent < above)
			return hash_line(lines->items[i].place, line);
	}
	return hash_line(0xcbf29ce484222325, line);
}

static int split(const char *text, struct lines *lines)
{
	size_t count = 1;

	for (const char *at = text; *at; at++)
		count += *at == '\n';
	lines->items = calloc(count, sizeof(*lines->items));
	if (!lines->items)
		return -ENOMEM;
	for (;;) {
		size_t length = strcspn(text, "\n");
		bool comma = length && text[length - 1] == ',';
		struct line line = { text, length - comma, strspn(text, " "), 0 };

		line.place = find_place(lines, &line);
		lines->items[lines->count++] = line;
		if (!text[length])
			return 0;
		text += length + 1;
	}
}

/* Brackets and numbers are the same only in the same place, or a diff would be short and make no sense. */
static bool lines_equal(const struct line *a, const struct line *b)
{
	return a->place == b->place && a->length == b->length &&
	       memcmp(a->text, b->text, a->length) == 0;
}

/* What is between the lines that both texts begin and end with. */
struct middle {
	const struct line *before;
	const struct line *after;
	size_t before_count;
	size_t after_count;
};

/* The length of the longest common sequence of what follows each pair of lines, in rows of after_count + 1. */
static uint32_t *measure(const struct middle *middle)
{
	size_t width = middle->after_count + 1;
	uint32_t *lengths = calloc((middle->before_count + 1) * width, sizeof(*lengths));

	for (size_t i = middle->before_count; lengths && i-- > 0;) {
		for (size_t j = middle->after_count; j-- > 0;) {
			uint32_t down = lengths[(i + 1) * width + j];
			uint32_t right = lengths[i * width + j + 1];

			if (lines_equal(&middle->before[i], &middle->after[j]))
				lengths[i * width + j] = lengths[(i + 1) * width + j + 1] + 1;
			else
				lengths[i * width + j] = down > right ? down : right;
		}
	}
	return lengths;
}

/* Appends the lines of the middle. What goes comes before what comes in its place. */
static int align(const struct middle *middle, struct edit_line *edits, size_t *count)
{
	size_t width = middle->after_count + 1;
	cleanup_free uint32_t *lengths = NULL;
	size_t i = 0;
	size_t j = 0;

	if ((middle->before_count + 1) * width <= PAIRS_MAX) {
		lengths = measure(middle);
		if (!lengths)
			return -ENOMEM;
	}
	while (i < middle->before_count || j < middle->after_count) {
		struct edit_line edit;

		if (lengths && i < middle->before_count && j < middle->after_count &&
		    lines_equal(&middle->before[i], &middle->after[j])) {
			edit = (struct edit_line){ ' ', &middle->after[j++], false };
			i++;
		} else if (i < middle->before_count &&
			   (!lengths || j == middle->after_count ||
			    lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
			edit = (struct edit_line){ '-', &middle->before[i++], true };
		} else {
			edit = (struct edit_line){ '+', &middle->after[j++], true };
		}
		edits[(*count)++] = edit;
	}
	return 0;
}

/* Shows the keys that a change stands below; what is not indented is the brace around all. */
static void show_ancestors(struct edit_line *edits, size_t change)
{
	size_t indent = edits[change].line->indent;

	for (size_t i = change; i-- > 0 && indent;) {
		if (edits[i].line->indent >= indent)
			continue;
		indent = edits[i].line->indent;
		edits[i].shown = edits[i].shown || indent;
	}
}

static char *print(struct edit_line *edits, size_t count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (edits[i].sign != ' ')
			show_ancestors(edits, i);
	}
	for (size_t i = 0; i < count; i++) {
		if (edits[i].shown)
			fprintf(stream, "%c%.*s\n", edits[i].sign, (int)edits[i].line->length,
				edits[i].line->text);
	}
	if (fclose(stream) == 0)
		return text;
	free(text);
	return NULL;
}

/* Lines that stay, at the beginning and the end of both texts, make the middle smaller. */
static int compare(const struct lines *before, const struct lines *after, struct edit_line *edits,
		   size_t *count)
{
	size_t shorter = before->count < after->count ? before->count : after->count;
	struct middle middle;
	size_t head = 0;
	size_t tail = 0;

	while (head < shorter && lines_equal(&before->items[head], &after->items[head])) {
		edits[(*count)++] = (struct edit_line){ ' ', &after->items[head], false };
		head++;
	}
	while (tail < shorter - head && lines_equal(&before->items[before->count - tail - 1],
						    &after->items[after->count - tail - 1]))
		tail++;
	middle = (struct middle){
		.before = before->items + head,
		.after = after->items + head,
		.before_count = before->count - head - tail,
		.after_count = after->count - head - tail,
	};
	/* Nothing of the tail can be above a change. */
	return align(&middle, edits, count);
}

static void release_lines(struct lines *lines)
{
	free(lines->items);
}

int json_diff(const char *before, const char *after, char **diff)
{
	__attribute__((cleanup(release_lines))) struct lines old_lines = { 0 };
	__attribute__((cleanup(release_lines))) struct lines new_lines = { 0 };
	cleanup_free struct edit_line *edits = NULL;
	size_t count = 0;
	char *text;

	if (split(before, &old_lines) || split(after, &new_lines))
		return -ENOMEM;
	edits = calloc(old_lines.count + new_lines.count, sizeof(*edits));
	if (!edits || compare(&old_lines, &new_lines, edits, &count))
		return -ENOMEM;
	text = print(edits, count);
	if (!text)
		return -ENOMEM;
	*diff = text;
	return 0;
}
