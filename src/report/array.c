// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/array.h"
#include "base/cleanup.h"
#include "report/output.h"

#include <string.h>

/* Strings hold no newline as it is, so each one begins a line. */
static void print_indented(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		printf("\n  %.*s", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

int array_print(struct array_output *array, json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		cleanup_free char *text =
			output_json_text(json_incref(json_array_get(list, i)), JSON_INDENT(2));

		if (!text) {
			output_complain("out of memory while writing JSON");
			return STATUS_FAILED;
		}
		putchar(array->begun ? ',' : '[');
		array->begun = true;
		print_indented(text);
	}
	json_array_clear(list);
	return STATUS_DONE;
}

void array_end(const struct array_output *array)
{
	puts(array->begun ? "\n]" : "[]");
}
