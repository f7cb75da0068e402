// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/except.h"
#include "base/cleanup.h"

#include <cgfence/abi.h>
#include <string.h>

struct list {
	char *patterns[CGFENCE_EXCEPT_MAX];
	size_t count;
};

static void cleanup_free_list(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->patterns[i]);
}

static int read_pattern(struct reader *reader, const json_t *element, void *target)
{
	struct list *list = target;
	char *pattern = NULL;
	int result;

	if (list->count == CGFENCE_EXCEPT_MAX)
		return reader_refuse(reader, element,
				     "these are more than %d; let one pattern stand for several",
				     CGFENCE_EXCEPT_MAX);
	result = reader_read_string(reader, element, &pattern);
	if (result)
		return result;
	list->patterns[list->count++] = pattern;
	if (strchr(pattern, '/'))
		return reader_refuse(
			reader, element,
			"it has a slash; give a pattern of the last component alone, such as \"libpod-conmon-*\"");
	return 0;
}

static int compare_strings(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Return: NULL if out of memory. */
static char *join(const struct list *list)
{
	size_t size = 1;
	char *joined;
	char *end;

	for (size_t i = 0; i < list->count; i++)
		size += strlen(list->patterns[i]) + 1;
	joined = end = malloc(size);
	for (size_t i = 0; joined && i < list->count; i++) {
		if (i && strcmp(list->patterns[i], list->patterns[i - 1]) == 0)
			continue;
		end = stpcpy(stpcpy(end, list->patterns[i]), "/");
	}
	if (joined)
		*end = '\0';
	return joined;
}

int policy_read_except(struct reader *reader, const json_t *value, void *target)
{
	__attribute__((cleanup(cleanup_free_list))) struct list list = { 0 };
	char *joined;
	int result;

	if (!json_is_array(value))
		return reader_refuse(reader, value,
				     "give a list of patterns, such as [\"libpod-conmon-*\"]");
	result = reader_read_list(reader, value, read_pattern, &list);
	if (result || !list.count)
		return result;
	qsort(list.patterns, list.count, sizeof(list.patterns[0]), compare_strings);
	joined = join(&list);
	if (!joined)
		return reader_out_of_memory(reader);
	*(char **)target = joined;
	return 0;
}

json_t *policy_write_except(const char *except)
{
	json_t *list = json_array();

	while (*except) {
		size_t length = strcspn(except, "/");

		json_array_append_new(list, json_stringn(except, length));
		except += length + (except[length] == '/');
	}
	return list;
}
