// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/finding.h"
#include "base/cleanup.h"
#include "report/output.h"
#include "report/printable.h"
#include "report/width.h"

#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#define CHECK_WIDTH 10
#define USUAL_WIDTH 80
#define LEAST_WIDTH 20

/* Where what was found begins: after the state and the check. */
#define INDENT (6 + CHECK_WIDTH + 2)

static const char *const state_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_NOTE] = "note",
	[FINDING_BAD] = "bad",
};

void findings_release(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].found);
		free(findings->items[i].remedy);
	}
	free(findings->items);
	*findings = (struct findings){ 0 };
}

void findings_add(struct findings *findings, enum finding_state state, const char *check,
		  const char *remedy, const char *format, ...)
{
	struct finding *larger =
		reallocarray(findings->items, findings->count + 1, sizeof(*larger));
	cleanup_free char *text = NULL;
	va_list arguments;

	findings->bad |= state == FINDING_BAD;
	if (!larger)
		return;
	findings->items = larger;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	larger[findings->count++] = (struct finding){
		.state = state,
		.check = check,
		.found = text ? printable_copy(text) : NULL,
		.remedy = remedy ? printable_copy(remedy) : NULL,
	};
}

/* How many bytes of the text go on a line that has room for @room columns; at least a word. */
static size_t line_length(const char *text, size_t room)
{
	size_t length = strcspn(text, " ");
	size_t next = length;

	while (text[next]) {
		cleanup_free char *line = NULL;

		next += 1 + strcspn(text + next + 1, " ");
		line = strndup(text, next);
		if (!line || width_of(line) > room)
			break;
		length = next;
	}
	return length;
}

/* The cursor is where the text begins. */
static void print_wrapped(const char *text, size_t indent, size_t width)
{
	size_t room = width > indent + LEAST_WIDTH ? width - indent : LEAST_WIDTH;

	for (;;) {
		size_t length = line_length(text, room);

		printf("%.*s\n", (int)length, text);
		text += length + (text[length] == ' ');
		if (!*text)
			return;
		printf("%*s", (int)indent, "");
	}
}

static void print_aligned(const struct finding *finding, size_t width)
{
	static const char mark[] = "-> ";
	const char *found = finding->found ? finding->found : "out of memory";

	printf("%-4s  %-*s  ", state_names[finding->state], CHECK_WIDTH, finding->check);
	print_wrapped(found, INDENT, width);
	if (!finding->remedy)
		return;
	printf("%*s%s", INDENT, "", mark);
	print_wrapped(finding->remedy, INDENT + strlen(mark), width);
}

void findings_print(const struct findings *findings)
{
	struct winsize size = { 0 };
	bool is_terminal = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (is_terminal)
			print_aligned(finding, size.ws_col ? size.ws_col : USUAL_WIDTH);
		else
			printf("%s\t%s\t%s\t%s\n", state_names[finding->state], finding->check,
			       finding->found ? finding->found : "",
			       finding->remedy ? finding->remedy : "-");
	}
}

json_t *findings_json(const struct findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o, s:o}", "check", finding->check,
						"state", state_names[finding->state], "found",
						output_json_string(finding->found), "remedy",
						output_json_string(finding->remedy)));
	}
	return list;
}
