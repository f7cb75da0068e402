// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/touched.h"
#include "base/cleanup.h"
#include "report/output.h"
#include "report/printable.h"

#include <string.h>

json_t *touched_json(const struct cgfence_learnt *learnt)
{
	char first[OUTPUT_TIME_SIZE];
	char last[OUTPUT_TIME_SIZE];

	output_time(learnt->first_ns, first);
	output_time(learnt->last_ns, last);
	return json_pack("{s:o, s:s, s:o, s:I, s:o, s:o, s:s, s:s}", "what",
			 output_json_string(learnt->what), "verdict",
			 learnt->allowed ? "allowed" : "refused", "reason",
			 output_json_string(learnt->reason), "count", (json_int_t)learnt->count,
			 "who", output_json_string(learnt->who), "pid",
			 learnt->pid ? json_integer(learnt->pid) : json_null(), "first", first,
			 "last", last);
}

bool touched_write_json(FILE *file, json_t *touched, json_t *head)
{
	cleanup_free char *text = NULL;

	if (json_object_set(head, "requests", touched)) {
		json_decref(head);
		return false;
	}
	text = output_json_text(head, JSON_INDENT(2));
	return text && fprintf(file, "%s\n", text) > 0;
}

/* What a process calls itself must not end an attribute or an element. */
static void write_text(FILE *file, const char *text)
{
	cleanup_free char *printable = printable_copy(text);

	for (const char *at = printable ? printable : "?"; *at; at++) {
		if (*at == '&')
			fputs("&amp;", file);
		else if (*at == '<')
			fputs("&lt;", file);
		else if (*at == '>')
			fputs("&gt;", file);
		else if (*at == '"')
			fputs("&quot;", file);
		else
			fputc(*at, file);
	}
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void write_case(FILE *file, const json_t *one)
{
	const char *what = text_of(one, "what");
	bool is_refused = strcmp(text_of(one, "verdict"), "refused") == 0;
	json_int_t count = json_integer_value(json_object_get(one, "count"));

	fprintf(file, "    <testcase classname=\"cgfence.%s\" name=\"",
		*what == '/' || what[1] == ' ' ? "devices" : "ports");
	write_text(file, what);
	fputs(is_refused ? "\">\n      <failure type=\"refused\" message=\""
			 : "\">\n      <system-out>",
	      file);
	write_text(file, text_of(one, "reason"));
	if (is_refused)
		fputs("\">", file);
	else
		fputs("; ", file);
	fprintf(file, "%" JSON_INTEGER_FORMAT " time%s by ", count, count == 1 ? "" : "s");
	write_text(file, text_of(one, "who"));
	fprintf(file, ", first %s, last %s", text_of(one, "first"), text_of(one, "last"));
	fputs(is_refused ? "</failure>\n" : "</system-out>\n", file);
	fputs("    </testcase>\n", file);
}

bool touched_write_junit(FILE *file, const json_t *touched, size_t refused)
{
	const json_t *one;
	size_t index;

	fprintf(file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"  <testsuite name=\"cgfence\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
		json_array_size(touched), refused);
	json_array_foreach (touched, index, one)
		write_case(file, one);
	fputs("  </testsuite>\n</testsuites>\n", file);
	return !ferror(file);
}
