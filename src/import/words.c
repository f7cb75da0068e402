// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/words.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "import/classes.h"
#include "import/draft.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RW (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define ALL_LETTERS 7

/* As many as a policy is expected to have. */
#define WORDS_MAX 4096

void words_free(struct words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		free(words->items[i].selector);
		free(words->items[i].place);
	}
	free(words->items);
	*words = (struct words){ 0 };
}

static struct word *find(const struct words *words, const char *selector)
{
	for (size_t i = 0; i < words->count; i++) {
		if (strcmp(words->items[i].selector, selector) == 0)
			return &words->items[i];
	}
	return NULL;
}

static struct word *append(const struct importing *import, struct words *words,
			   const char *selector)
{
	struct word *items;
	char *copy;

	if (words->count == WORDS_MAX) {
		error_set_invalid(import->error, "%s: there are over %d devices",
				  import->sources[0].name, WORDS_MAX);
		return NULL;
	}
	items = array_with_room(words->items, words->count, &words->capacity, sizeof(*items));
	copy = strdup(selector);
	if (items)
		words->items = items;
	if (!items || !copy) {
		free(copy);
		error_out_of_memory(import->error);
		return NULL;
	}
	items[words->count] = (struct word){ .selector = copy, .optional = true };
	return &items[words->count++];
}

int words_add(const struct importing *import, struct words *words, const char *selector,
	      bool optional, uint8_t access, const char *place)
{
	struct word *word = find(words, selector);

	if (!word)
		word = append(import, words, selector);
	if (!word)
		return words->count == WORDS_MAX ? -EINVAL : -ENOMEM;
	for (unsigned int asked = 0; asked <= ALL_LETTERS; asked++) {
		if (!(asked & ~access))
			word->allowed |= (uint8_t)(1U << asked);
	}
	word->letters |= access;
	word->optional &= optional;
	free(word->place);
	word->place = strdup(place);
	return word->place ? 0 : error_out_of_memory(import->error);
}

int words_add_path(const struct importing *import, struct words *words, const char *path,
		   uint8_t access, const char *place)
{
	uint32_t major = 0;
	uint32_t minor = 0;
	enum import_node node;

	if (strpbrk(path, "*?[")) {
		importing_remark(
			import,
			"%s: '%s' would be a pattern in a policy, and is none here; it is left out",
			place, path);
		return 0;
	}
	node = import->host->look(path, &major, &minor);
	if (node == IMPORT_NODE_DIRECTORY || node == IMPORT_NODE_OTHER) {
		importing_remark(import, "%s: '%s' is no device on this host; it is left out",
				 place, path);
		return 0;
	}
	if (node == IMPORT_NODE_ABSENT)
		importing_remark(
			import,
			"%s: '%s' does not exist on this host; the entry is optional, and allows it once it is there",
			place, path);
	return words_add(import, words, path, node == IMPORT_NODE_ABSENT, access, place);
}

/* ---- words for the same device ---- */

static bool nodes_meet(const struct importing *import, const char *a, const char *b)
{
	uint32_t majors[2] = { 0 };
	uint32_t minors[2] = { 0 };
	enum import_node node = import->host->look(a, &majors[0], &minors[0]);

	return (node == IMPORT_NODE_BLOCK || node == IMPORT_NODE_CHARACTER) &&
	       node == import->host->look(b, &majors[1], &minors[1]) && majors[0] == majors[1] &&
	       minors[0] == minors[1];
}

/* "c hidraw:*" and "c 245:*" */
static bool drivers_meet(const struct importing *import, const char *a, const char *b)
{
	cleanup_free char *first = strdup(a + 2);
	cleanup_free char *second = strdup(b + 2);

	if (!first || !second || *a != *b)
		return false;
	first[strlen(first) - 2] = '\0';
	second[strlen(second) - 2] = '\0';
	return import->host->drivers_meet(*a, first, second);
}

static bool names_driver(const char *selector)
{
	size_t length = strlen(selector);

	return *selector != '/' && length > 4 && strcmp(selector + length - 2, ":*") == 0;
}

static bool meet(const struct importing *import, const char *a, const char *b)
{
	if (*a == '/' && *b == '/')
		return nodes_meet(import, a, b);
	return names_driver(a) && names_driver(b) && drivers_meet(import, a, b);
}

/* The letters that words for the same devices leave a word; only reading and writing can meet. */
static uint8_t choose_letters(const struct importing *import, const struct words *words,
			      size_t index)
{
	const struct word *word = &words->items[index];
	uint8_t letters = classes_largest(word->allowed);

	for (size_t i = 0; i < index && (letters & RW); i++) {
		uint8_t others = classes_largest(words->items[i].allowed) & RW;

		if (others && others != RW && (letters & RW) != RW && others != (letters & RW) &&
		    meet(import, word->selector, words->items[i].selector))
			letters &= (uint8_t)~RW;
	}
	return letters;
}

/* ---- entries ---- */

static int add_entry(struct importing *import, const struct word *word, uint8_t letters)
{
	cleanup_free char *text = NULL;
	int result;

	if (asprintf(&text, "%s%s %s%s%s", word->optional ? "-" : "", word->selector,
		     letters & BPF_DEVCG_ACC_READ ? "r" : "",
		     letters & BPF_DEVCG_ACC_WRITE ? "w" : "",
		     letters & BPF_DEVCG_ACC_MKNOD ? "m" : "") < 0) {
		text = NULL;
		return error_out_of_memory(import->error);
	}
	result = draft_add_entry(import, "allow", text);
	if (result != -EINVAL)
		return result;
	importing_remark(import, "%s: '%s' cannot be said in a policy; it is left out: %s",
			 word->place, word->selector, import->error ? import->error->text : "");
	if (import->error)
		*import->error = (struct cgfence_error){ 0 };
	return 0;
}

int words_finish(struct importing *import, const struct words *words)
{
	int result = 0;

	for (size_t i = 0; i < words->count && result == 0; i++) {
		const struct word *word = &words->items[i];
		uint8_t letters = choose_letters(import, words, i);

		if (letters != word->letters)
			importing_remark(
				import,
				"%s: '%s' may be read, or written, but not opened for both; the policy allows less",
				word->place, word->selector);
		if (letters)
			result = add_entry(import, word, letters);
	}
	return result;
}
